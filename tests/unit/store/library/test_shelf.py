"""What the log and the index are to each other."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from spindled.store.errors import StoreError
from spindled.store.library.library import Library
from tests.unit.store.library.conftest import Open


def names(library: Library) -> list[str]:
    return [section.name for section in library.sections.all()]


def lose_index(home: Path) -> None:
    for file in home.glob("spindled.sqlite*"):
        file.unlink()


def test_a_lost_index_is_made_again_from_the_log(home: Path, opened: Open) -> None:
    first = opened()
    gone = first.sections.create("gone", None)
    kept = first.sections.create("kept", None)
    first.sections.move("t1", kept.id, None, 5)
    first.sections.delete(gone.id)
    lose_index(home)
    again = opened()
    assert names(again) == ["Pinned", "kept"]
    assert [member.thread_id for member in again.sections.members(kept.id)] == ["t1"]
    assert stat.S_IMODE((home / "library.jsonl").stat().st_mode) == 0o600


def test_two_processes_see_each_other(opened: Open) -> None:
    one, other = opened(), opened()
    one.sections.create("one", None)
    other.sections.create("two", None)
    assert names(one) == names(other) == ["Pinned", "one", "two"]


def test_what_the_index_missed_is_caught_up(home: Path, opened: Open) -> None:
    one, other = opened(), opened()
    assert names(one) == ["Pinned"]
    lock = sqlite3.connect(home / "spindled.sqlite", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    other.sections.create("while locked", None)
    lock.execute("COMMIT")
    lock.close()
    assert names(one) == names(other) == ["Pinned", "while locked"]


def test_damaged_lines_are_passed_over(home: Path, opened: Open) -> None:
    first = opened()
    first.sections.create("before", None)
    with (home / "library.jsonl").open("ab") as log:
        log.write(
            b'no json\n{"put":"nothing","row":{}}\n{"put":"sections","row":{"id":5}}\n{"drop":"sections","key":[]}\n'
        )
        log.write(b'[]\n{"put":"sections","row":{"id":"torn')
    first.sections.create("after", None)
    assert names(first) == ["Pinned", "before", "after"]
    lose_index(home)
    assert names(opened()) == ["Pinned", "before", "after"]


def test_another_log_is_read_from_its_beginning(home: Path, opened: Open) -> None:
    first = opened()
    first.sections.create("one", None)
    (home / "library.jsonl").unlink()
    assert names(first) == ["Pinned", "one"]
    first.sections.create("2", None)
    assert names(first) == ["Pinned", "one", "2"]


def test_a_log_that_cannot_be_written_refuses_the_change(home: Path, opened: Open) -> None:
    library = opened()
    (home / "library.jsonl").mkdir(parents=True)
    with pytest.raises(StoreError):
        library.sections.create("one", None)
    assert names(library) == ["Pinned"]


def test_an_index_that_cannot_be_used_lives_in_memory(home: Path, opened: Open) -> None:
    (home / "spindled.sqlite").mkdir(parents=True)
    library = opened()
    library.sections.create("one", None)
    assert names(library) == ["Pinned", "one"]


def test_what_is_only_noted_is_lost_with_the_index(home: Path, opened: Open) -> None:
    first = opened()
    logged = first.read_states.turn_ended("t", "turn 1")
    noted = first.read_states.turn_ended("t", "turn 2")
    assert noted.unread_from == logged.unread_from == "turn 1"
    assert first.read_states.of("t") == noted
    lose_index(home)
    assert opened().read_states.of("t") == logged


def test_a_forgotten_thread_leaves_nothing(library: Library) -> None:
    library.sections.move("t", library.sections.all()[0].id, None, 1)
    project = library.projects.create("k", "P", [], {}, ["t"], 1)
    library.attachments.add("t", "pr", "1", None, 1)
    library.queues.add("t", [], "c", None)
    library.read_states.turn_ended("t", "turn")
    library.forget("t")
    assert library.sections.membership("t") is None
    assert library.projects.threads(project.id) == []
    assert library.attachments.of("t") == []
    assert library.queues.of("t") == []
    assert library.read_states.of("t") is None
