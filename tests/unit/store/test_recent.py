from __future__ import annotations

from pathlib import Path

import pytest

from spindled.store import recent
from spindled.store.recent import Recent
from spindled.store.replay.stored import StoredThread
from spindled.store.replay.stored_turns import StoredTurn, StoredTurns
from spindled_protocol.types import Turn
from tests.unit.store.samples import meta


class Reader:
    """Gives a thread with a turn that is named after how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> StoredThread:
        self.times += 1
        thread = StoredThread(meta())
        thread.turns = StoredTurns([StoredTurn(Turn(id=str(self.times), items=[], status="completed"))])
        return thread


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rollout"
    path.write_text("row\n")
    return path


def test_a_thread_is_read_again_only_when_it_has_grown(file: Path) -> None:
    kept, read = Recent(), Reader()
    assert [kept.turns(file, read)[0].id for _ in range(3)] == ["1", "1", "1"]
    file.write_text("row\nrow\n")
    assert [kept.turns(file, read)[0].id for _ in range(2)] == ["2", "2"]


def test_what_was_read_as_a_whole_is_kept_too(file: Path) -> None:
    kept, read = Recent(), Reader()
    assert [kept.read(file, read).turns.ids for _ in range(2)] == [["1"], ["2"]]
    assert kept.turns(file, read).ids == ["2"]


def test_only_the_last_ones_are_kept(tmp_path: Path) -> None:
    kept, readers = Recent(), [Reader() for _ in range(recent.THREADS + 1)]
    for number, read in enumerate(readers):
        (tmp_path / str(number)).write_text("row\n")
        kept.turns(tmp_path / str(number), read)
    for number, read in [*enumerate(readers)][::-1]:
        kept.turns(tmp_path / str(number), read)
    assert [read.times for read in readers] == [2, *[1] * recent.THREADS]


def test_a_large_thread_is_not_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "BYTES", 3)
    kept, read = Recent(), Reader()
    kept.turns(file, read)
    kept.turns(file, read)
    assert read.times == 2


def test_what_grows_while_it_is_read_is_not_kept(file: Path) -> None:
    kept, read = Recent(), Reader()

    def growing() -> StoredThread:
        with file.open("a") as rows:
            rows.write("row\n")
        return read()

    kept.turns(file, growing)
    kept.turns(file, read)
    assert read.times == 2


def test_a_file_that_is_gone_is_read_each_time(tmp_path: Path) -> None:
    kept, read = Recent(), Reader()
    kept.turns(tmp_path / "none", read)
    kept.turns(tmp_path / "none", read)
    assert read.times == 2
