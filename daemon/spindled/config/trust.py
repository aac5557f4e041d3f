"""Whom the user trusts: [projects."<path>"] trust_level, and the configuration files that trust switches on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spindled.config.schema import TrustLevel

PROJECT_FOLDERS = (".codex", ".spindled")  # the later one wins


def project_root(cwd: Path, markers: Sequence[str]) -> Path:
    """The nearest folder from `cwd` upwards that holds one of the markers, else `cwd` itself."""
    for folder in (cwd, *cwd.parents):
        if any(marker and os.path.lexists(folder / marker) for marker in markers):
            return folder
    return cwd


def downward(root: Path, cwd: Path) -> list[Path]:
    """The folders from `root` down to `cwd`, both included."""
    steps = [cwd, *cwd.parents]
    return steps[steps.index(root) :: -1] if root in steps else [cwd]


def trust_level(projects: dict[str, Any], cwd: Path, root: Path) -> TrustLevel | None:
    """What [projects] says about `cwd`, else about its project root. Keys are compared with symlinks resolved."""
    levels = {_real(key): project.get("trust_level") for key, project in projects.items()}
    for folder in (cwd, root):
        if level := levels.get(os.path.realpath(folder)):
            return level  # type: ignore[no-any-return]  # checked by the schema
    return None


def project_files(folders: Iterable[Path], home: Path) -> list[Path]:
    """Where project configuration may be, lowest first. The home directory is no project."""
    candidates = [folder / name for folder in folders for name in PROJECT_FOLDERS]
    return [folder / "config.toml" for folder in candidates if os.path.realpath(folder) != str(home)]


def _real(path: str) -> str:
    return os.path.realpath(os.path.expanduser(path))
