from __future__ import annotations

import json
from collections.abc import Iterator

from spindled.api.followers.unfinished import unfinished


def events(*told: tuple[str, str]) -> Iterator[tuple[int, str, bytes]]:
    for number, (method, item) in enumerate(told, 1):
        params = {"item": {"id": item}} if method in ("item/started", "item/completed") else {"itemId": item}
        yield number, method, json.dumps({"method": method, "params": params}).encode()


def test_what_has_begun_and_not_ended_is_told_in_its_order() -> None:
    told = events(
        ("item/started", "a"),
        ("item/agentMessage/delta", "a"),
        ("item/started", "b"),
        ("item/started", "c"),
        ("item/completed", "a"),
        ("item/commandExecution/outputDelta", "c"),
        ("item/commandExecution/outputDelta", "b"),
    )
    assert [number for number, _, _ in unfinished(told)] == [3, 4, 6, 7]


def test_what_began_before_and_what_is_no_item_is_not() -> None:
    told = [*events(("item/agentMessage/delta", "a")), (2, "turn/started", b'{"params":{"turn":{}}}')]
    assert unfinished(told) == []


def test_an_item_that_begins_again_begins_there() -> None:
    told = events(("item/started", "a"), ("item/agentMessage/delta", "a"), ("item/started", "a"))
    assert [number for number, _, _ in unfinished(told)] == [3]
