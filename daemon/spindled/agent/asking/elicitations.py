"""Questions about MCP servers and of them, in the one form in which clients show both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spindled.store.ids import new_id
from spindled_protocol.base import Wire
from spindled_protocol.types import (
    FormMcpServerElicitationRequestParams,
    McpElicitationSchema,
    McpServerElicitationAction,
    UrlMcpServerElicitationRequestParams,
)

if TYPE_CHECKING:
    from spindled.tools.base import ToolApproval

Json = dict[str, Any]
Params = FormMcpServerElicitationRequestParams | UrlMcpServerElicitationRequestParams


class Answer(Wire, kw_only=True, gc=False):
    """As clients give it: they may leave out what is null."""

    action: McpServerElicitationAction
    content: Any = None
    _meta: Any = None


def about_tool(thread_id: str, turn_id: str, ask: ToolApproval) -> Params:
    """May this tool run? The answer may keep it allowed: `persist` in its `_meta`."""
    meta: Json = {"codex_approval_kind": "mcp_tool_call"}
    if ask.keepable:
        meta["persist"] = ["session", "always"]
    meta |= {
        "tool_name": ask.tool,
        "tool_description": ask.description,
        "tool_params": ask.arguments,
        "tool_params_display": [
            {"name": name, "value": value, "display_name": name} for name, value in ask.arguments.items()
        ],
    }
    return FormMcpServerElicitationRequestParams(
        _meta=meta,
        message=f'Allow the {ask.server} MCP server to run tool "{ask.tool}"?',
        requestedSchema=McpElicitationSchema(type="object", properties={}),
        threadId=thread_id,
        turnId=turn_id,
        serverName=ask.server,
    )


def of_server(thread_id: str, turn_id: str | None, server: str, question: Json) -> Params | None:
    """A server's own question; None if it is none that a client could show."""
    common: Json = {
        "_meta": question.get("_meta"),
        "message": str(question.get("message", "")),
        "threadId": thread_id,
        "turnId": turn_id,
        "serverName": server,
    }
    if isinstance(common["_meta"], dict) and "codex_approval_kind" in common["_meta"]:
        return None  # it would look like a question of ours
    if question.get("mode") == "url":
        url = question.get("url")
        if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
            return None
        return UrlMcpServerElicitationRequestParams(
            url=url, elicitationId=str(question.get("elicitationId") or new_id()), **common
        )
    try:
        schema = msgspec.convert(question.get("requestedSchema"), McpElicitationSchema)
    except msgspec.ValidationError:
        return None
    return FormMcpServerElicitationRequestParams(requestedSchema=schema, **common)


def for_server(answer: Answer | None) -> Json:
    """What the server hears; nothing of what the user typed unless it was accepted."""
    if answer is None or answer.action != "accept":
        return {"action": "decline" if answer is None else answer.action}
    return {"action": "accept", "content": answer.content} if isinstance(answer.content, dict) else {"action": "accept"}


def persistence(answer: Answer) -> str | None:
    """`session`, `always`, or None: for this call only."""
    return answer._meta.get("persist") if isinstance(answer._meta, dict) else None
