"""Where the current branch and another part, as git says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spindled.process.git import Git, GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHA = re.compile(r"[0-9a-f]{40,64}")


async def merge_base(branch: str, cwd: Path, environment: Mapping[str, str]) -> str | None:
    """None where git is missing, slow, or knows no such branch."""
    if branch.startswith("-"):
        return None  # git would take it for an option
    try:
        said = await Git(cwd, environment).lines("merge-base", "HEAD", branch)
    except GitError:
        return None
    return said[0] if said and SHA.fullmatch(said[0]) else None
