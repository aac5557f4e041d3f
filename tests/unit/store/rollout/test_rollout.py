from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from spindled.store.errors import StoreError
from spindled.store.rollout.rollout import Rollout, timestamp
from spindled.store.rollout.rows import Row


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_nothing_is_made_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "r.jsonl"
    rollout = Rollout(path)
    assert not path.parent.exists()
    rollout.append([Row("x", {"n": 1}), Row("x", {"n": 2})])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    rollout.append([Row("y", {}, timestamp="2020-01-01T00:00:00.000Z")])
    rollout.close()
    found = lines(path)
    assert [(line["ordinal"], line["type"]) for line in found] == [(0, "x"), (1, "x"), (2, "y")]
    assert list(found[0]) == ["timestamp", "ordinal", "type", "payload"]
    assert found[2]["timestamp"] == "2020-01-01T00:00:00.000Z"


def test_one_write_per_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda to, data: sizes.append(len(data)) or write(to, data))
    Rollout(tmp_path / "r").append([Row("x", {"n": n}) for n in range(50)])
    assert sizes == [(tmp_path / "r").stat().st_size]


def test_continues_with_the_next_ordinal(tmp_path: Path) -> None:
    path = tmp_path / "r"
    Rollout(path, next_ordinal=23).append([Row("x", {})])
    reopened = Rollout.reopen(path)
    reopened.append([Row("x", {})])
    assert [line["ordinal"] for line in lines(path)] == [23, 24]


@pytest.mark.parametrize("limit", range(0, 400, 37))
def test_short_writes_and_errors_neither_lose_nor_double(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """The disk takes `limit` bytes in small pieces, is full for two calls, and then has room again."""
    room = limit
    write = os.write

    def narrow(to: int, data: bytes) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(28, "No space left on device")
        room -= min(room, 19, len(data))
        return write(to, data[: min(room + 19, 19, len(data))])

    path = tmp_path / "r"
    rollout = Rollout(path)
    monkeypatch.setattr(os, "write", narrow)
    failed = 0
    for n in range(6):
        try:
            rollout.append([Row("x", {"n": n})])
        except StoreError as error:
            failed += 1
            assert error.path == path
            assert "No space left" in str(error)
            assert rollout.pending >= failed - 1
    room = 10_000
    rollout.append([])
    assert rollout.pending == 0
    assert [(line["ordinal"], line["payload"]["n"]) for line in lines(path)] == [(n, n) for n in range(6)]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "r.jsonl"
    rollout = Rollout(path)
    with pytest.raises(StoreError) as error:
        rollout.append([Row("x", {})])
    assert str(error.value).startswith(f"cannot write {path}: ")
    assert rollout.pending == 1
    (tmp_path / "file").unlink()
    rollout.flush()
    rollout.close()
    assert len(lines(path)) == 1


def test_a_missing_file_is_not_reopened(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Rollout.reopen(tmp_path / "none")


def test_timestamps_have_milliseconds() -> None:
    assert timestamp(1_795_256_342_007) == "2026-11-21T10:19:02.007Z"
