from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from spindled.tools.base import ToolError


async def test_a_plan_is_shown(context: Any) -> None:
    context.tool_options = replace(context.tool_options, update_plan=True)
    steps = [{"step": "first", "status": "completed"}, {"step": "second", "status": "in_progress"}]
    output = await context.call("update_plan", explanation="why", plan=steps)
    assert output.content == "Plan updated"
    assert context.events == [
        ("plan", "why", [{"step": "first", "status": "completed"}, {"step": "second", "status": "inProgress"}])
    ]


async def test_not_in_plan_mode(context: Any) -> None:
    context.tool_options, context.mode = replace(context.tool_options, update_plan=True), "plan"
    with pytest.raises(ToolError, match="Plan mode"):
        await context.call("update_plan", plan=[{"step": "a", "status": "pending"}])
    assert not context.events


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([{"step": "a", "status": "in_progress"}, {"step": "b", "status": "in_progress"}], "at most one"),
        ([{"step": "a", "status": "later"}], "status"),
        ([{"status": "pending"}], "step"),
        ("none", "plan"),
    ],
)
async def test_a_bad_plan_is_not_shown(context: Any, plan: Any, message: str) -> None:
    context.tool_options = replace(context.tool_options, update_plan=True)
    with pytest.raises(ToolError, match=message):
        await context.call("update_plan", plan=plan)
    assert not context.events
