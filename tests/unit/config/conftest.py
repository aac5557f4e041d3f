from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spindled.config.layers.load import load
from spindled.config.schema import Config

Write = Callable[[str, str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a folder `sub` in it."""
    path = tmp_path / "project"
    (path / ".git").mkdir(parents=True)
    (path / "sub").mkdir()
    return path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below the temporary folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


@pytest.fixture
def loaded(home: Path, tmp_path: Path) -> Callable[..., Config]:
    """Loads with `text` as the user's config.toml, and an empty environment."""

    def loaded(text: str = "", cwd: Path | None = None, **options: Any) -> Config:
        (home / "config.toml").write_text(text, encoding="utf-8", newline="")
        return load(home, cwd=cwd or tmp_path, **{"environ": {}, **options})

    return loaded
