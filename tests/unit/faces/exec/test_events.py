"""The lines of `exec --json`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spindled.faces.exec.events import JsonLines


def told(lines: JsonLines, method: str, **params: Any) -> list[dict[str, Any]]:
    assert method in lines.wanted
    return [json.loads(line) for line in lines.told(method, params).splitlines()]


def completed(lines: JsonLines, status: str, **more: Any) -> list[dict[str, Any]]:
    return told(lines, "turn/completed", turn={"status": status, **more})


def test_items_have_names_of_their_own_that_stay() -> None:
    lines = JsonLines()
    command = {"id": "a", "type": "commandExecution", "command": "ls", "aggregatedOutput": None, "exitCode": None}
    item = {"id": "item_0", "type": "command_execution", "command": "ls", "aggregated_output": "", "exit_code": None}
    assert told(lines, "item/started", item={**command, "status": "inProgress"}) == [
        {"type": "item.started", "item": {**item, "status": "in_progress"}}
    ]
    message = {"id": "m", "type": "agentMessage", "text": "hi"}
    assert told(lines, "item/started", item=message) == []
    assert told(lines, "item/completed", item=message) == [
        {"type": "item.completed", "item": {"id": "item_1", "type": "agent_message", "text": "hi"}}
    ]
    done = {**command, "aggregatedOutput": "x\n", "exitCode": 0, "status": "completed"}
    assert told(lines, "item/completed", item=done) == [
        {
            "type": "item.completed",
            "item": {**item, "aggregated_output": "x\n", "exit_code": 0, "status": "completed"},
        }
    ]


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({"type": "reasoning", "summary": ["a", "b"], "content": []}, {"type": "reasoning", "text": "a\nb"}),
        ({"type": "reasoning", "summary": [], "content": ["raw"]}, {"type": "reasoning", "text": "raw"}),
        ({"type": "reasoning", "summary": [], "content": []}, None),
        ({"type": "userMessage", "content": []}, None),
        ({"type": "webSearch", "query": "q"}, {"type": "web_search", "query": "q"}),
        (
            {"type": "fileChange", "status": "declined", "changes": [{"path": "/a", "kind": {"type": "add"}}]},
            {"type": "file_change", "status": "failed", "changes": [{"path": "/a", "kind": "add"}]},
        ),
        (
            {
                "type": "mcpToolCall",
                "server": "s",
                "tool": "t",
                "arguments": {},
                "status": "failed",
                "result": None,
                "error": {"message": "no"},
            },
            {
                "type": "mcp_tool_call",
                "server": "s",
                "tool": "t",
                "arguments": {},
                "status": "failed",
                "result": None,
                "error": {"message": "no"},
            },
        ),
    ],
)
def test_shapes(item: dict[str, Any], shown: dict[str, Any] | None) -> None:
    lines = JsonLines()
    expected = [] if shown is None else [{"type": "item.completed", "item": {"id": "item_0", **shown}}]
    assert told(lines, "item/completed", item={"id": "x", **item}) == expected


def test_a_plan_is_one_item_until_the_end() -> None:
    lines = JsonLines()
    step = {"step": "one", "status": "inProgress"}
    plan = {"id": "item_0", "type": "todo_list", "items": [{"text": "one", "completed": False}]}
    done = {**plan, "items": [{"text": "one", "completed": True}]}
    assert told(lines, "turn/plan/updated", plan=[step]) == [{"type": "item.started", "item": plan}]
    assert told(lines, "turn/plan/updated", plan=[{**step, "status": "completed"}]) == [
        {"type": "item.updated", "item": done}
    ]
    total = {"inputTokens": 5, "cachedInputTokens": 1, "outputTokens": 2, "reasoningOutputTokens": 1}
    assert told(lines, "thread/tokenUsage/updated", tokenUsage={"total": total}) == []
    usage = {"input_tokens": 5, "cached_input_tokens": 1, "cache_write_input_tokens": 0}
    assert completed(lines, "completed") == [
        {"type": "item.completed", "item": done},
        {"type": "turn.completed", "usage": {**usage, "output_tokens": 2, "reasoning_output_tokens": 1}},
    ]


def test_problems() -> None:
    lines = JsonLines()
    assert told(lines, "warning", message="odd") == [
        {"type": "item.completed", "item": {"id": "item_0", "type": "error", "message": "odd"}}
    ]
    assert told(lines, "configWarning", summary="what", details="why")[0]["item"] == {
        "id": "item_1",
        "type": "error",
        "message": "what why",
    }
    assert told(lines, "error", error={"message": "boom"}, willRetry=True) == [{"type": "error", "message": "boom"}]
    assert completed(lines, "failed", error={"message": "boom!"}) == [
        {"type": "turn.failed", "error": {"message": "boom!"}}
    ]
    assert completed(JsonLines(), "interrupted", error=None) == [
        {"type": "turn.failed", "error": {"message": "the turn was interrupted"}}
    ]
