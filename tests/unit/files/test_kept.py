from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from spindled.files import kept as keeping
from spindled.files.index import Index
from spindled.files.kept import Kept
from spindled.files.walk import Folders, walk

LONG_AGO = time.time() - 3600


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, a folder and rules, that have not changed for long."""
    root = tmp_path / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "sub" / "file").touch()
    (root / ".gitignore").write_text("*.log\n")
    for path in (root, root / "sub", root / "sub" / "deep", root / ".gitignore"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return root


def walked(root: Path) -> tuple[Kept, Folders, Index]:
    """What is kept of a walk that was long after the last change."""
    kept, folders, index = Kept(), Folders([str(root)], True), Index()
    for batch in walk(folders.roots, Event()):
        index.extend(batch)
    kept.keep(folders, index, time.time_ns() + 3_600_000_000_000)
    return kept, folders, index


def test_the_same_folders_have_the_same_index(root: Path) -> None:
    kept, folders, index = walked(root)
    assert kept.find(folders) is index
    assert kept.find(Folders([str(root)], False)) is None
    assert kept.find(Folders([str(root / "sub")], True)) is None
    kept.forget()
    assert kept.find(folders) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "new").touch(),
        lambda root: (root / "sub" / "deep" / "new").touch(),
        lambda root: (root / "sub" / "file").unlink(),
        lambda root: (root / ".gitignore").write_text("*.txt\n"),
        lambda root: (root.parent / ".ignore").write_text("sub\n"),
        lambda root: (root.parent / ".git").mkdir(),
    ],
    ids=["a file", "a file further down", "one file less", "other rules", "rules above", "a repository above"],
)
def test_what_changed_is_walked_again(root: Path, change: Callable[[Path], object]) -> None:
    kept, folders, _ = walked(root)
    change(root)
    assert kept.find(folders) is None


def test_what_may_still_change_in_the_same_tick_is_not_kept(root: Path) -> None:
    kept, folders, index = Kept(), Folders([str(root)], True), Index()
    (root / "new").touch()
    kept.keep(folders, index, time.time_ns())
    assert kept.find(folders) is None


def test_nothing_is_kept_for_long_or_if_it_is_large(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SECONDS", -1.0)
    kept, folders, _ = walked(root)
    assert kept.find(folders) is None
    monkeypatch.undo()
    monkeypatch.setattr(keeping, "MOST", 2)
    kept, folders, _ = walked(root)
    assert kept.find(folders) is None
