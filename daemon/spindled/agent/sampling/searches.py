"""Searches that a provider makes by itself, as items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.clock import now_ms
from spindled.store.replay.searches import action_of
from spindled_protocol.types import (
    FindInPageWebSearchAction,
    OpenPageWebSearchAction,
    SearchWebSearchAction,
    WebSearchThreadItem,
)

if TYPE_CHECKING:
    from spindled.agent.events import ThreadEvents
    from spindled_protocol.types import ThreadItem, WebSearchAction

ResponsesItem = dict[str, Any]


class SearchDraft:
    """A search, shown from its start; what it looks for may be known only at its end."""

    def __init__(self, events: ThreadEvents, turn_id: str, item_id: str, item: ResponsesItem):
        self.id = item_id
        self.started_ms = now_ms()
        events.item_started(turn_id, self._shown(item, None), self.started_ms)

    def finish(self, item: ResponsesItem) -> list[ThreadItem]:
        return [self._shown(item, now_ms())]

    def _shown(self, item: ResponsesItem, completed_ms: int | None) -> WebSearchThreadItem:
        found = action_of(item.get("action"))
        return WebSearchThreadItem(
            id=self.id,
            query=looked_for(found),
            action=found,
            results=None,
            startedAtMs=self.started_ms,
            completedAtMs=completed_ms,
        )


def looked_for(action: WebSearchAction | None) -> str:
    """In one line."""
    if isinstance(action, SearchWebSearchAction):
        return action.query or ", ".join(action.queries or [])
    if isinstance(action, OpenPageWebSearchAction):
        return action.url or ""
    if isinstance(action, FindInPageWebSearchAction):
        return " in ".join(part for part in (action.pattern, action.url) if part)
    return ""
