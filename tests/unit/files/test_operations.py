from __future__ import annotations

import os
from pathlib import Path

import pytest

from spindled.files import operations
from spindled.files.operations import Refused


def test_a_file_is_replaced_and_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    operations.write_file(file, b"a long text")
    operations.write_file(file, b"short\0")
    assert operations.read_file(file) == b"short\0"


def test_pipes_are_neither_read_nor_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Refused, match="is not a file"):
        operations.read_file(pipe)
    with pytest.raises(OSError):
        operations.write_file(pipe, b"x")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sparse"
    with file.open("wb") as opened:
        opened.truncate(operations.MAX_READ + 1)
    with pytest.raises(Refused, match="too large"):
        operations.read_file(file)


def test_writing_refused_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        operations.write_file(tmp_path, b"x")
    with pytest.raises(FileNotFoundError):
        operations.write_file(tmp_path / "no" / "file", b"x")


def test_metadata_is_of_the_target_but_for_the_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    os.utime(tmp_path / "folder", ns=(0, 1_700_000_000_123_456_789))
    found = operations.metadata(tmp_path / "link")
    assert (found.is_directory, found.is_file, found.is_symlink) == (True, False, True)
    assert found.modified_ms == 1_700_000_000_123


def test_entries_are_sorted_and_links_followed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "to_file").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("missing")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff")).touch()
    entries = [tuple(entry) for entry in operations.read_directory(tmp_path)]
    assert entries == [
        ("file", False, True),
        ("folder", True, False),
        ("odd\ufffd", False, True),
        ("to_file", False, True),
    ]


def test_remove_takes_the_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    operations.remove(tmp_path / "link", recursive=True, force=True)
    assert (tmp_path / "folder" / "file").exists()
    with pytest.raises(OSError, match="not empty"):
        operations.remove(tmp_path / "folder", recursive=False, force=True)
    operations.remove(tmp_path / "folder", recursive=True, force=False)
    operations.remove(tmp_path / "folder", recursive=True, force=True)
    with pytest.raises(FileNotFoundError):
        operations.remove(tmp_path / "folder", recursive=True, force=False)


def test_folders_are_made_with_those_above_if_asked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        operations.create_directory(tmp_path / "a" / "b", recursive=False)
    operations.create_directory(tmp_path / "a" / "b", recursive=True)
    operations.create_directory(tmp_path / "a" / "b", recursive=True)
    with pytest.raises(FileExistsError):
        operations.create_directory(tmp_path / "a" / "b", recursive=False)
