"""Thread items: the wire's ThreadItem <-> the `item` of an `item_completed` row.

A row's item has a `type` in CamelCase, its fields and enum values in snake_case. `_KINDS` holds a pair of functions per
kind. A kind that is not in it passes through with its names translated, so nothing is lost in either direction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from spindled.store.replay import message_items as messages
from spindled.store.replay import searches
from spindled.store.replay import work_items as work
from spindled.store.replay.naming import Fields, camel, snake, url_of
from spindled.store.replay.values import (
    approval_policy,
    approval_policy_to_wire,
    failure,
    git_to_row,
    sandbox_policy,
    sandbox_policy_to_wire,
    token_usage,
)
from spindled_protocol.types import (
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    ContextCompactionThreadItem,
    DynamicToolCallThreadItem,
    EnteredReviewModeThreadItem,
    ExitedReviewModeThreadItem,
    FileChangeThreadItem,
    ImageViewThreadItem,
    McpToolCallThreadItem,
    PlanThreadItem,
    ReasoningThreadItem,
    ThreadItem,
    UserMessageThreadItem,
    WebSearchThreadItem,
)

__all__ = [
    "AnyItem",
    "approval_policy",
    "approval_policy_to_wire",
    "failure",
    "from_row",
    "git_to_row",
    "sandbox_policy",
    "sandbox_policy_to_wire",
    "times",
    "to_row",
    "token_usage",
]

AnyItem = ThreadItem | Fields
"""An item of the wire; a dict in the wire's form if its kind is not known here."""


class _Kind(NamedTuple):
    wire: type
    from_row: Callable[[Fields], ThreadItem]
    to_row: Callable[[Any], Fields]


def from_row(fields: Fields, started_at_ms: int | None = None, completed_at_ms: int | None = None) -> AnyItem:
    """The item. Raises ValueError, TypeError or LookupError (msgspec's too) if a field is missing or wrong."""
    kind = _KINDS.get(fields["type"])
    if kind is None:
        name = fields["type"]
        known = {camel(key): value for key, value in fields.items() if key != "type"}
        return {
            "type": name[:1].lower() + name[1:],
            **known,
            "startedAtMs": started_at_ms,
            "completedAtMs": completed_at_ms,
        }
    item = kind.from_row(fields)
    item.startedAtMs = UNSET if started_at_ms is None else started_at_ms
    item.completedAtMs = UNSET if completed_at_ms is None else completed_at_ms
    return item


def to_row(item: AnyItem) -> Fields:
    """The row's item, without the times."""
    kind = _BY_CLASS.get(type(item))
    if kind:
        return {"type": kind[0], **kind[1].to_row(item)}
    fields = item if isinstance(item, dict) else msgspec.to_builtins(item)
    name = fields["type"]
    known = {snake(key): value for key, value in fields.items() if key not in ("type", "startedAtMs", "completedAtMs")}
    return {"type": name[:1].upper() + name[1:], **known}


def times(item: AnyItem) -> tuple[int | None, int | None]:
    """When the item started and completed, Unix milliseconds."""
    if isinstance(item, dict):
        return item.get("startedAtMs"), item.get("completedAtMs")
    started, completed = item.startedAtMs, item.completedAtMs
    return (None if started is UNSET else started), (None if completed is UNSET else completed)


_KINDS = {
    "UserMessage": _Kind(UserMessageThreadItem, messages.user_message, messages.user_message_row),
    "AgentMessage": _Kind(AgentMessageThreadItem, messages.agent_message, messages.agent_message_row),
    "Reasoning": _Kind(ReasoningThreadItem, messages.reasoning, messages.reasoning_row),
    "Plan": _Kind(
        PlanThreadItem,
        lambda row: PlanThreadItem(id=row["id"], text=row["text"]),
        lambda item: {"id": item.id, "text": item.text},
    ),
    "CommandExecution": _Kind(CommandExecutionThreadItem, work.command, work.command_row),
    "FileChange": _Kind(FileChangeThreadItem, work.file_change, work.file_change_row),
    "McpToolCall": _Kind(McpToolCallThreadItem, work.mcp_call, work.mcp_call_row),
    "DynamicToolCall": _Kind(DynamicToolCallThreadItem, work.dynamic_call, work.dynamic_call_row),
    "ImageView": _Kind(ImageViewThreadItem, work.image_view, lambda item: {"id": item.id, "path": url_of(item.path)}),
    "WebSearch": _Kind(WebSearchThreadItem, searches.web_search, searches.web_search_row),
    "EnteredReviewMode": _Kind(EnteredReviewModeThreadItem, messages.entered_review, messages.entered_review_row),
    "ExitedReviewMode": _Kind(ExitedReviewModeThreadItem, messages.exited_review, messages.exited_review_row),
    "ContextCompaction": _Kind(
        ContextCompactionThreadItem, lambda row: ContextCompactionThreadItem(id=row["id"]), lambda item: {"id": item.id}
    ),
}
_BY_CLASS: dict[type, tuple[str, _Kind]] = {kind.wire: (name, kind) for name, kind in _KINDS.items()}
