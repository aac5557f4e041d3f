from __future__ import annotations

import msgspec
from msgspec import Raw

from spindled.store.replay.model_history import ModelHistory
from tests.unit.store.samples import message


def raw(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))


def test_items_are_decoded_anew_each_time() -> None:
    history = ModelHistory([])
    history.add(raw(message("user", "one")))
    next(iter(history))["role"] = "changed"
    history.add(raw(message("user", "two")))
    assert list(history) == [message("user", "one"), message("user", "two")]


def test_nothing_is_decoded_before_it_is_asked_for() -> None:
    warnings: list[str] = []
    history = ModelHistory(warnings)
    history.add(Raw(b'{"damaged"'))
    history.restart(Raw(b'{"replacement_history":5}'))
    assert warnings == []
    assert list(history) == []
    assert warnings == ["a damaged compaction was skipped"]


def test_what_a_compaction_replaced_is_forgotten() -> None:
    history = ModelHistory([])
    history.add(raw(message("user", "old")))
    history.restart(raw({"message": "", "replacement_history": [message("user", "summary")]}))
    history.add(raw(message("user", "new")))
    assert list(history) == [message("user", "summary"), message("user", "new")]
