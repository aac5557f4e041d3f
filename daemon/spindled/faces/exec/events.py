"""Notifications of a thread as the lines of `exec --json`.

The form is that of the reference's `exec`, which software development kits read: dotted event types, snake_case items
with ids of their own, one JSON object a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["JsonLines"]

Json = dict[str, Any]

TOLD = frozenset(
    {
        "configWarning",
        "error",
        "item/completed",
        "item/started",
        "thread/tokenUsage/updated",
        "turn/completed",
        "turn/plan/updated",
        "warning",
    }
)
"""The notifications that a run is told of: no deltas."""

# The forms that these events have no word for.
STATUS = {"inProgress": "in_progress", "declined": "failed"}
NO_USAGE = {"inputTokens": 0, "cachedInputTokens": 0, "outputTokens": 0, "reasoningOutputTokens": 0}


class JsonLines:
    """One turn. Each method gives text for stdout, empty if there is nothing to say."""

    wanted = TOLD | {"turn/started"}

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._plan: Json | None = None
        self._usage: Json = NO_USAGE
        self._error: str | None = None

    def opened(self, response: Json, prompt: str) -> str:
        return lines({"type": "thread.started", "thread_id": response["thread"]["id"]})

    def told(self, method: str, params: Json) -> str:
        return lines(*self._events(method, params))

    def _events(self, method: str, params: Json) -> list[Json]:
        match method:
            case "turn/started":
                return [{"type": "turn.started"}]
            case "item/started" | "item/completed":
                return self._item(method, params["item"])
            case "turn/plan/updated":
                return [self._planned(params["plan"])]
            case "thread/tokenUsage/updated":
                self._usage = params["tokenUsage"]["total"]
            case "error":
                self._error = params["error"]["message"]
                return [{"type": "error", "message": self._error}]
            case "warning":
                return [self._problem(params["message"])]
            case "configWarning":
                details = params.get("details")
                return [self._problem(f"{params['summary']} {details}" if details else params["summary"])]
            case "turn/completed":
                return self._end(params["turn"])
        return []

    def _item(self, method: str, item: Json) -> list[Json]:
        shape = SHAPES.get(item["type"])
        body = shape(item) if shape else None
        if body is None or (method == "item/started" and item["type"] in ONLY_COMPLETED):
            return []
        return [{"type": method.replace("/", "."), "item": {"id": self._name(item["id"]), **body}}]

    def _planned(self, steps: list[Json]) -> Json:
        todo = [{"text": step["step"], "completed": step["status"] == "completed"} for step in steps]
        kind = "item.started" if self._plan is None else "item.updated"
        name = self._name("") if self._plan is None else self._plan["id"]
        self._plan = {"id": name, "type": "todo_list", "items": todo}
        return {"type": kind, "item": self._plan}

    def _problem(self, message: str) -> Json:
        number = f"item_{len(self._names)}"
        self._names[number] = number
        return {"type": "item.completed", "item": {"id": number, "type": "error", "message": message}}

    def _end(self, turn: Json) -> list[Json]:
        plan = [{"type": "item.completed", "item": self._plan}] if self._plan is not None else []
        if turn["status"] == "completed":
            return [*plan, {"type": "turn.completed", "usage": usage(self._usage)}]
        error = (turn.get("error") or {}).get("message") or self._error or f"the turn was {turn['status']}"
        return [*plan, {"type": "turn.failed", "error": {"message": error}}]

    def _name(self, id: str) -> str:
        return self._names.setdefault(id, f"item_{len(self._names)}")


def usage(total: Json) -> Json:
    """What the thread has taken so far, in tokens."""
    return {
        "input_tokens": total["inputTokens"],
        "cached_input_tokens": total["cachedInputTokens"],
        "cache_write_input_tokens": total.get("cacheWriteInputTokens", 0),
        "output_tokens": total["outputTokens"],
        "reasoning_output_tokens": total["reasoningOutputTokens"],
    }


def message(item: Json) -> Json:
    return {"type": "agent_message", "text": item["text"]}


def reasoning(item: Json) -> Json | None:
    text = "\n".join(item["summary"] or item["content"])
    return {"type": "reasoning", "text": text} if text else None


def command(item: Json) -> Json:
    return {
        "type": "command_execution",
        "command": item["command"],
        "aggregated_output": item["aggregatedOutput"] or "",
        "exit_code": item["exitCode"],
        "status": status(item),
    }


def file_change(item: Json) -> Json:
    changes = [{"path": change["path"], "kind": change["kind"]["type"]} for change in item["changes"]]
    return {"type": "file_change", "changes": changes, "status": status(item)}


def mcp_tool_call(item: Json) -> Json:
    result, error = item["result"], item["error"]
    if result is not None:
        result = {"content": result["content"], "structured_content": result.get("structuredContent")}
    return {
        "type": "mcp_tool_call",
        "server": item["server"],
        "tool": item["tool"],
        "arguments": item["arguments"],
        "result": result,
        "error": {"message": error["message"]} if error is not None else None,
        "status": status(item),
    }


def web_search(item: Json) -> Json:
    return {"type": "web_search", "query": item["query"]}


def status(item: Json) -> str:
    return str(STATUS.get(item["status"], item["status"]))


SHAPES: dict[str, Callable[[Json], Json | None]] = {
    "agentMessage": message,
    "reasoning": reasoning,
    "commandExecution": command,
    "fileChange": file_change,
    "mcpToolCall": mcp_tool_call,
    "webSearch": web_search,
}
ONLY_COMPLETED = frozenset({"agentMessage", "reasoning"})


def lines(*events: Json) -> str:
    return "".join(f"{msgspec.json.encode(event).decode()}\n" for event in events)
