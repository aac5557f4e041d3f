from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spindled.files.watch import Watcher

PATIENCE = 10.0


class Watching:
    """A watcher, and what it told."""

    def __init__(self) -> None:
        self.told: queue.Queue[tuple[str, list[str]]] = queue.Queue()
        self.watcher = Watcher(lambda watch_id, paths: self.told.put((watch_id, paths)))

    def until(self, watch_id: str, path: Path) -> list[tuple[str, list[str]]]:
        """All that was told up to this change."""
        seen = []
        while True:
            told = self.told.get(timeout=PATIENCE)
            seen.append(told)
            if told[0] == watch_id and str(path) in told[1]:
                return seen


@pytest.fixture
def watching() -> Iterator[Watching]:
    watching = Watching()
    yield watching
    watching.watcher.close()
    for thread in threading.enumerate():
        if thread.name == "file watcher":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_a_file_that_is_written_replaced_and_removed(watching: Watching, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    watching.watcher.add("w", file)
    file.write_text("1")
    watching.until("w", file)
    (tmp_path / "new").write_text("2")
    (tmp_path / "new").rename(file)
    watching.until("w", file)
    file.unlink()
    watching.until("w", file)
    file.touch()
    seen = watching.until("w", file)
    assert {path for _, paths in seen for path in paths} == {str(file)}


def test_a_folder_tells_of_its_children_only(watching: Watching, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    watching.watcher.add("w", folder)
    (folder / "sub" / "deep").touch()
    (folder / "child").touch()
    seen = watching.until("w", folder / "child")
    assert str(folder / "sub" / "deep") not in {path for _, paths in seen for path in paths}


def test_what_is_not_there_yet_many_folders_deep(watching: Watching, tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b" / "file"
    watching.watcher.add("w", wanted)
    wanted.parent.mkdir(parents=True)
    wanted.touch()
    watching.until("w", wanted)
    wanted.write_text("more")
    watching.until("w", wanted)


def test_a_folder_that_goes_and_comes_back(watching: Watching, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    watching.watcher.add("w", folder)
    shutil.rmtree(folder)
    watching.until("w", folder)
    folder.mkdir()
    watching.until("w", folder)
    (folder / "child").touch()
    watching.until("w", folder / "child")


def test_a_link_tells_under_its_own_name(watching: Watching, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "target"
    target.touch()
    (tmp_path / "here").mkdir()
    link = tmp_path / "here" / "link"
    link.symlink_to(target)
    watching.watcher.add("w", link)
    target.write_text("x")
    watching.until("w", link)


def test_two_watches_of_one_folder_are_both_told(watching: Watching, tmp_path: Path) -> None:
    watching.watcher.add("one", tmp_path)
    watching.watcher.add("two", tmp_path)
    with pytest.raises(KeyError):
        watching.watcher.add("two", tmp_path)
    (tmp_path / "file").touch()
    told = [watching.told.get(timeout=PATIENCE), watching.told.get(timeout=PATIENCE)]
    assert sorted(told) == [("one", [str(tmp_path / "file")]), ("two", [str(tmp_path / "file")])]


def test_removed_watches_are_quiet_and_can_be_made_again(watching: Watching, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    watching.watcher.add("one", one)
    watching.watcher.add("two", two)
    watching.watcher.remove("one")
    (one / "file").touch()
    (two / "file").touch()
    assert {watch_id for watch_id, _ in watching.until("two", two / "file")} == {"two"}
    watching.watcher.remove("two")
    watching.watcher.remove("never")
    watching.watcher.add("one", one)
    (one / "file").write_text("x")
    watching.until("one", one / "file")


def test_after_the_end_nothing_is_watched(watching: Watching, tmp_path: Path) -> None:
    watching.watcher.close()
    watching.watcher.add("w", tmp_path)
    assert "file watcher" not in {thread.name for thread in threading.enumerate()}
