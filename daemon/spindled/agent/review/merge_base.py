"""Where the current branch and another part, as git says."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from spindled.process.spawn import spawn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE_S = 10.0
SHA = re.compile(r"[0-9a-f]{40,64}")


async def merge_base(branch: str, cwd: Path, environment: Mapping[str, str]) -> str | None:
    """None where git is missing, slow, or knows no such branch."""
    if branch.startswith("-"):
        return None  # git would take it for an option
    said = bytearray()
    try:
        child = spawn(
            ["git", "merge-base", "HEAD", branch],
            cwd=cwd,
            environment={**environment, "GIT_OPTIONAL_LOCKS": "0"},
            output=lambda stream, data: said.extend(data),
            merge=True,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            code = await child.wait()
    except TimeoutError:
        return None
    finally:
        await child.kill()
    text = said.decode("utf-8", "replace").strip()
    return text if code == 0 and SHA.fullmatch(text) else None
