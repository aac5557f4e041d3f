from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from spindled.files import walk as walking
from spindled.files.walk import walk


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def seen(*roots: Path | str) -> list[str]:
    """The paths, folders with a slash; those below other roots than the first with their root's name."""
    entries = [entry for batch in walk([str(root) for root in roots], Event()) for entry in batch]
    first = str(roots[0])
    return sorted(
        ("" if entry.root == first else f"{Path(entry.root).name}: ") + entry.path + "/" * entry.is_directory
        for entry in entries
    )


def test_hidden_files_and_folders_too(tmp_path: Path) -> None:
    make(tmp_path, "a/b/file", ".hidden/file", ".git/HEAD")
    (tmp_path / "empty").mkdir()
    assert seen(tmp_path) == [
        ".git/",
        ".git/HEAD",
        ".hidden/",
        ".hidden/file",
        "a/",
        "a/b/",
        "a/b/file",
        "empty/",
    ]


def test_what_version_control_ignores(tmp_path: Path) -> None:
    make(tmp_path, "a.log", "keep.log", "build/x", "sub/a.tmp", "sub/deep/b.tmp", "excluded", ".git/info/exclude")
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\nbuild/\n.git\n")
    (tmp_path / "sub" / ".gitignore").write_text("*.tmp\n!deep/*.tmp\n")
    (tmp_path / ".git" / "info" / "exclude").write_text("excl*\n")
    everything = [".gitignore", "keep.log", "sub/", "sub/.gitignore", "sub/deep/", "sub/deep/b.tmp"]
    assert seen(tmp_path) == everything
    assert seen(tmp_path / "sub") == [".gitignore", "deep/", "deep/b.tmp"]  # with the rules from above
    assert seen(tmp_path / "build") == ["x"]  # what is asked for by name


def test_without_a_repository_only_ignore_files_count(tmp_path: Path) -> None:
    make(tmp_path, "a/x", "b/x")
    (tmp_path / ".gitignore").write_text("a/\n")
    (tmp_path / ".ignore").write_text("b/\n")
    assert seen(tmp_path) == [".gitignore", ".ignore", "a/", "a/x"]


def test_links_are_followed_but_not_round(tmp_path: Path) -> None:
    make(tmp_path, "real/file")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "nowhere").symlink_to("missing")
    assert seen(tmp_path) == ["link/", "link/file", "real/", "real/file"]


def test_a_link_to_itself_hides_nothing(tmp_path: Path) -> None:
    make(tmp_path, "folder/file", "other")
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "file link").symlink_to("other")
    (tmp_path / "folder link").symlink_to("folder")
    assert seen(tmp_path) == ["file link", "folder link/", "folder link/file", "folder/", "folder/file", "other"]


def test_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "text")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff")).touch()
    assert seen(tmp_path) == ["text"]


def test_each_path_belongs_to_the_inmost_root(tmp_path: Path) -> None:
    make(tmp_path, "file", "sub/file", "subway/file")
    assert seen(tmp_path, tmp_path / "sub") == ["file", "sub: file", "subway/", "subway/file"]


@pytest.mark.parametrize("root", ["file", "missing", "nul\0"])
def test_what_is_no_folder_has_nothing_below_it(tmp_path: Path, root: str) -> None:
    make(tmp_path, "file")
    assert seen(str(tmp_path / root)) == []


def test_it_stops_when_told(tmp_path: Path) -> None:
    make(tmp_path, "a", "b", "c")
    stop = Event()
    stop.set()
    assert [entry for batch in walk([str(tmp_path)], stop) for entry in batch] == []


def test_it_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_ENTRIES", 3)
    make(tmp_path, *(f"file{number}" for number in range(9)))
    assert len(seen(tmp_path)) == 3
