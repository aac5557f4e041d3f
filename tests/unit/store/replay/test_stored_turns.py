from __future__ import annotations

from threading import Thread

import msgspec
import pytest
from msgspec import Raw

from spindled.store.replay import items
from spindled.store.replay.stored_turns import StoredItem, StoredTurn, StoredTurns
from spindled_protocol.types import PlanThreadItem, Turn


def stored(turn_id: str, *texts: str, status: str = "completed") -> StoredTurn:
    turn = StoredTurn(Turn(id=turn_id, items=[], status=status, completedAt=5, durationMs=6))  # type: ignore[arg-type]
    for text in texts:
        row = msgspec.json.encode(items.to_row(PlanThreadItem(id=text, text=text)))
        turn.rows[text] = StoredItem(Raw(row), 1, 2)
    return turn


def damaged() -> StoredItem:
    return StoredItem(Raw(b'{"type":"Plan","id":"broken"}'), None, None)


def test_counting_decodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = StoredTurns([stored("a", "1", "2"), stored("b"), stored("c", "3")])
    monkeypatch.setattr(items, "from_row", lambda *_: pytest.fail("an item was decoded"))
    assert (len(turns), turns.ids, turns.item_count, bool(turns)) == (3, ["a", "b", "c"], 3, True)


def test_only_what_is_asked_for_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded, from_row = list[str](), items.from_row
    monkeypatch.setattr(items, "from_row", lambda fields, *times: decoded.append(fields["id"]) or from_row(fields))
    turns = StoredTurns([stored("a", "1"), stored("b", "2"), stored("c", "3")])
    assert [turn.id for turn in turns[1:]] == ["b", "c"]
    assert turns[-1] is turns[2]  # once
    assert decoded == ["2", "3"]
    assert turns.of("a")[0].items[0].text == "1"  # type: ignore[union-attr]
    assert turns.of("none") == []


def test_a_damaged_item_is_left_out_and_counts() -> None:
    turn = stored("a", "1", "2")
    turn.rows["broken"] = damaged()
    turns = StoredTurns([turn])
    for _ in range(2):  # before and after
        assert turns.item_count == 3
        assert [item.id for item in turns[0].items] == ["1", "2"]  # type: ignore[union-attr]


def test_a_turn_that_goes_on() -> None:
    turns = StoredTurns([stored("a", "1", status="interrupted"), stored("b", "2")])
    (running,) = turns.with_running("a").of("a")
    assert (running.status, running.completedAt, running.durationMs) == ("inProgress", None, None)
    assert len(running.items) == 1
    assert turns[0].status == "interrupted"  # others still see what is stored
    assert [turn.status for turn in turns.with_running("b")] == ["interrupted", "completed"]


def test_threads_that_ask_at_once_get_all_items() -> None:
    turns, seen = StoredTurns([stored("a", *map(str, range(500)))]), list[int]()
    threads = [Thread(target=lambda: seen.append(len(turns[0].items))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [500] * 4
