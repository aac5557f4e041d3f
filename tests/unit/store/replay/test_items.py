from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.store.replay import items
from spindled_protocol.types import (
    CommandExecutionThreadItem,
    ContextCompactionThreadItem,
    EnteredReviewModeThreadItem,
    ExitedReviewModeThreadItem,
    FileChangeThreadItem,
    FileUpdateChange,
    HookPromptFragment,
    HookPromptThreadItem,
    ThreadItem,
    UpdatePatchChangeKind,
)

COMMAND = {
    "type": "CommandExecution",
    "id": "c",
    "process_id": "74964",
    "command": ["/bin/bash", "-lc", "echo 'a b'; cat x"],
    "cwd": "file:///some%20where",
    "parsed_cmd": [
        {"type": "read", "cmd": "cat x", "name": "x", "path": "/some where/x"},
        {"type": "list_files", "cmd": "ls", "path": None},
    ],
    "source": "unified_exec_startup",
    "status": "completed",
    "aggregated_output": "C\n",
    "exit_code": 0,
    "duration": {"secs": 1, "nanos": 46_000_000},
}
WIRE_COMMAND = {
    "type": "commandExecution",
    "id": "c",
    "pluginId": None,
    "scriptPath": None,
    "command": "/bin/bash -lc \"echo 'a b'; cat x\"",
    "cwd": "/some where",
    "processId": "74964",
    "source": "unifiedExecStartup",
    "status": "completed",
    "commandActions": [
        {"type": "read", "command": "cat x", "name": "x", "path": "/some where/x"},
        {"type": "listFiles", "command": "ls", "path": None},
    ],
    "aggregatedOutput": "C\n",
    "exitCode": 0,
    "durationMs": 1046,
}
PATCH = {
    "type": "FileChange",
    "id": "p",
    "changes": {
        "/w/a": {"type": "update", "unified_diff": "@@\n-a\n+b\n", "move_path": "/w/b"},
        "/w/c": {"type": "add", "content": "one\n"},
        "/w/d": {"type": "delete", "content": "gone\n"},
    },
    "status": "declined",
    "stdout": "",
    "stderr": "",
}
WIRE_PATCH = {
    "type": "fileChange",
    "id": "p",
    "changes": [
        {"path": "/w/a", "kind": {"type": "update", "move_path": "/w/b"}, "diff": "@@\n-a\n+b\n\n\nMoved to: /w/b"},
        {"path": "/w/c", "kind": {"type": "add"}, "diff": "one\n"},
        {"path": "/w/d", "kind": {"type": "delete"}, "diff": "gone\n"},
    ],
    "status": "declined",
}
USER = {
    "type": "UserMessage",
    "id": "u",
    "client_id": "mine",
    "content": [
        {
            "type": "text",
            "text": "see @x",
            "text_elements": [{"byte_range": {"start": 4, "end": 6}, "placeholder": None}],
        },
        {"type": "image", "image_url": "data:image/png;base64,AA=="},
        {"type": "local_image", "path": "/w/p.png", "detail": "high"},
        {"type": "skill", "name": "s", "path": "/w/SKILL.md"},
    ],
}
WIRE_USER = {
    "type": "userMessage",
    "id": "u",
    "clientId": "mine",
    "content": [
        {
            "type": "text",
            "text": "see @x",
            "text_elements": [{"byteRange": {"start": 4, "end": 6}, "placeholder": None}],
        },
        {"type": "image", "detail": None, "url": "data:image/png;base64,AA=="},
        {"type": "localImage", "detail": "high", "path": "/w/p.png"},
        {"type": "skill", "name": "s", "path": "/w/SKILL.md"},
    ],
}
AGENT = {"type": "AgentMessage", "id": "m", "content": [{"type": "Text", "text": "Done."}], "phase": "final_answer"}
WIRE_AGENT = {
    "type": "agentMessage",
    "moderation": None,
    "id": "m",
    "text": "Done.",
    "phase": "final_answer",
    "memoryCitation": None,
    "delivery": None,
    "questions": None,
}
REASONING = {"type": "Reasoning", "id": "r", "summary_text": ["a", "b"], "raw_content": ["raw"]}
WIRE_REASONING = {"type": "reasoning", "id": "r", "summary": ["a", "b"], "content": ["raw"]}
MCP = {
    "type": "McpToolCall",
    "id": "c1",
    "server": "lab",
    "tool": "echo",
    "arguments": {"snake_case": {"stays_so": 1}},
    "status": "completed",
    "readOnlyHint": True,
    "result": {"content": [{"type": "text", "text": "x"}], "structuredContent": {"echo": "x"}},
    "duration": {"secs": 0, "nanos": 1_000_000},
}
WIRE_MCP = {
    "type": "mcpToolCall",
    "id": "c1",
    "server": "lab",
    "tool": "echo",
    "status": "completed",
    "arguments": {"snake_case": {"stays_so": 1}},
    "appContext": None,
    "mcpAppUi": None,
    "pluginId": None,
    "readOnlyHint": True,
    "result": {"content": [{"type": "text", "text": "x"}], "structuredContent": {"echo": "x"}, "_meta": None},
    "error": None,
    "durationMs": 1,
}
DYNAMIC = {
    "type": "DynamicToolCall",
    "id": "d",
    "namespace": "shop",
    "tool": "buy",
    "arguments": {"city": "Rome"},
    "status": "failed",
    "content_items": [{"type": "inputText", "text": "no"}],
    "success": False,
    "duration": {"secs": 0, "nanos": 3_000_000},
}
WIRE_DYNAMIC = {
    "type": "dynamicToolCall",
    "id": "d",
    "namespace": "shop",
    "tool": "buy",
    "arguments": {"city": "Rome"},
    "status": "failed",
    "contentItems": [{"type": "inputText", "text": "no"}],
    "success": False,
    "durationMs": 3,
}
IMAGE = {"type": "ImageView", "id": "i", "path": "file:///w/p.png"}
WIRE_IMAGE = {"type": "imageView", "id": "i", "path": "/w/p.png"}
PLAN = {"type": "Plan", "id": "pl", "text": "# Plan\n"}
WIRE_PLAN = {"type": "plan", "id": "pl", "text": "# Plan\n"}
COMPACTION = {"type": "ContextCompaction", "id": "k"}
WIRE_COMPACTION = {"type": "contextCompaction", "id": "k"}

PAIRS = [
    (COMMAND, WIRE_COMMAND),
    (PATCH, WIRE_PATCH),
    (USER, WIRE_USER),
    (AGENT, WIRE_AGENT),
    (REASONING, WIRE_REASONING),
    (MCP, WIRE_MCP),
    (DYNAMIC, WIRE_DYNAMIC),
    (IMAGE, WIRE_IMAGE),
    (PLAN, WIRE_PLAN),
    (COMPACTION, WIRE_COMPACTION),
]


@pytest.mark.parametrize(("row", "wire"), PAIRS, ids=[row["type"] for row, _ in PAIRS])
def test_both_ways(row: dict[str, Any], wire: dict[str, Any]) -> None:
    item = items.from_row(row, 5, 7)
    assert msgspec.json.decode(msgspec.json.encode(item)) == {**wire, "startedAtMs": 5, "completedAtMs": 7}
    assert items.to_row(item) == row
    assert items.times(item) == (5, 7)


@pytest.mark.parametrize(("row", "wire"), PAIRS, ids=[row["type"] for row, _ in PAIRS])
def test_what_came_over_the_wire_is_written_the_same(row: dict[str, Any], wire: dict[str, Any]) -> None:
    assert items.to_row(msgspec.convert(wire, ThreadItem)) == row


def test_items_that_never_ran() -> None:
    item = CommandExecutionThreadItem(id="c", command="ls", cwd="/w", status="declined", commandActions=[])
    assert items.from_row(items.to_row(item)) == item
    assert items.times(item) == (None, None)


def test_a_move_keeps_its_diff() -> None:
    change = FileUpdateChange(path="/a", kind=UpdatePatchChangeKind(move_path="/b"), diff="@@\n\n\nMoved to: /b")
    item = FileChangeThreadItem(id="p", changes=[change], status="completed")
    assert items.to_row(item)["changes"]["/a"]["unified_diff"] == "@@\n"
    assert items.from_row(items.to_row(item)) == item


@pytest.mark.parametrize("kind", [EnteredReviewModeThreadItem, ExitedReviewModeThreadItem])
def test_reviews_keep_their_text(kind: Any) -> None:
    item = kind(id="r", review="all is well")
    assert items.from_row(items.to_row(item)) == item


def test_findings_become_text() -> None:
    finding = {
        "title": "[P1] Bug",
        "body": "It is wrong.\nVery.",
        "code_location": {"absolute_file_path": "/w/a", "line_range": {"start": 1, "end": 2}},
    }
    output = {"findings": [finding], "overall_explanation": "Because."}
    row = {"type": "ExitedReviewMode", "id": "r", "review_output": output}
    item = items.from_row(row)
    assert isinstance(item, ExitedReviewModeThreadItem)
    assert item.review == "Because.\n\nReview comment:\n\n- [P1] Bug — /w/a:1-2\n  It is wrong.\n  Very."


def test_kinds_without_a_mapping_of_their_own_pass_through() -> None:
    row = {"type": "SomethingNew", "id": "n", "snake_key": {"inner_key": 1}}
    item = items.from_row(row, 1, 2)
    assert item == {
        "type": "somethingNew",
        "id": "n",
        "snakeKey": {"inner_key": 1},
        "startedAtMs": 1,
        "completedAtMs": 2,
    }
    assert items.to_row(item) == row
    assert items.times(item) == (1, 2)
    hook = HookPromptThreadItem(id="h", fragments=[HookPromptFragment(text="t", hookRunId="x")])
    assert items.to_row(hook)["type"] == "HookPrompt"


def test_compaction_has_nothing_else() -> None:
    assert items.from_row(COMPACTION) == ContextCompactionThreadItem(id="k")
