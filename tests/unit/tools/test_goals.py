from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from spindled.agent.goals import goals
from spindled.tools.base import ToolError
from spindled_protocol.types import ThreadGoal


class Book:
    """A goal in memory. Implements tools.base.GoalBook."""

    def __init__(self) -> None:
        self.current: ThreadGoal | None = None

    def begin(self, turn_id: str, objective: str, budget: int | None) -> ThreadGoal:
        self.current = goals.changed(None, "t", 1, objective=objective, budget=budget)
        return self.current

    def end(self, turn_id: str, status: Any) -> ThreadGoal:
        self.current = goals.changed(self.current, "t", 1, status=status)
        return self.current


@pytest.fixture
def book(context: Any) -> Book:
    context.tool_options = replace(context.tool_options, goals=True)
    context.goals = Book()
    return context.goals  # type: ignore[no-any-return]


async def test_from_creation_to_completion(context: Any, book: Book) -> None:
    assert json.loads((await context.call("get_goal")).content) == {"goal": None}
    created = json.loads((await context.call("create_goal", objective="win", token_budget=100)).content)
    assert (created["goal"]["objective"], created["remainingTokens"]) == ("win", 100)
    assert json.loads((await context.call("get_goal")).content) == created
    ended = json.loads((await context.call("update_goal", status="complete")).content)
    assert ended["goal"]["status"] == "complete"


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("create_goal", {"objective": " "}, "The goal was not created: goal objective must not be empty"),
        ("create_goal", {"objective": "x", "token_budget": -1}, "The goal was not created: goal budgets"),
        ("update_goal", {"status": "complete"}, "The goal was not updated: .*no goal exists"),
        ("update_goal", {"status": "active"}, "update_goal was not run"),
    ],
)
async def test_what_is_refused(context: Any, book: Book, tool: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ToolError, match=text):
        await context.call(tool, **arguments)


async def test_a_thread_that_keeps_none(context: Any, book: Book) -> None:
    context.goals = None
    with pytest.raises(ToolError, match="keeps no goals"):
        await context.call("get_goal")
