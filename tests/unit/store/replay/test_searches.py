from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.store.replay import items


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"type": "search", "query": "cats"}, {"type": "search", "query": "cats", "queries": None}),
        (
            {"type": "search", "queries": ["a", "b"]},
            {"type": "search", "query": None, "queries": ["a", "b"]},
        ),
        ({"type": "open_page", "url": "https://x"}, {"type": "openPage", "url": "https://x"}),
        (
            {"type": "find_in_page", "url": "https://x", "pattern": "y"},
            {"type": "findInPage", "url": "https://x", "pattern": "y"},
        ),
        ({"type": "other"}, {"type": "other"}),
    ],
)
def test_searches_as_rollouts_have_them(told: dict[str, Any], shown: dict[str, Any]) -> None:
    row = {"type": "WebSearch", "id": "ws", "query": "q", "action": told}
    item = items.from_row(row, 1, 2)
    assert msgspec.to_builtins(item) == {
        "type": "webSearch",
        "id": "ws",
        "query": "q",
        "action": shown,
        "results": None,
        "startedAtMs": 1,
        "completedAtMs": 2,
    }
    assert items.to_row(item) == row


@pytest.mark.parametrize("told", [{"type": "search", "query": 5, "queries": 7}, {"type": "dream"}, None, "text", []])
def test_what_a_provider_says_of_itself_may_be_anything(told: Any) -> None:
    item = items.from_row({"type": "WebSearch", "id": "ws", "query": None, "action": told})
    assert msgspec.to_builtins(item)["query"] == ""
