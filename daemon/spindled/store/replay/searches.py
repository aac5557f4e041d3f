"""Searches of a provider: what the model's API and rollouts call `open_page` is `openPage` on the wire."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from spindled.store.replay.naming import Fields
from spindled_protocol.types import (
    FindInPageWebSearchAction,
    OpenPageWebSearchAction,
    OtherWebSearchAction,
    SearchWebSearchAction,
    WebSearchAction,
    WebSearchThreadItem,
)

__all__ = ["action_of", "web_search", "web_search_row"]


def action_of(told: Any) -> WebSearchAction | None:
    """What a provider says that it did; None if it does not say so yet."""
    if not isinstance(told, dict):
        return None
    kind = told.get("type")
    if kind == "search":
        queries = told.get("queries")
        listed = [each for each in queries if isinstance(each, str)] if isinstance(queries, list) else None
        return SearchWebSearchAction(query=_text(told, "query"), queries=listed)
    if kind == "open_page":
        return OpenPageWebSearchAction(url=_text(told, "url"))
    if kind == "find_in_page":
        return FindInPageWebSearchAction(url=_text(told, "url"), pattern=_text(told, "pattern"))
    return OtherWebSearchAction()


def web_search(row: Fields) -> WebSearchThreadItem:
    return WebSearchThreadItem(
        id=row["id"], query=row.get("query") or "", action=action_of(row.get("action")), results=row.get("results")
    )


def web_search_row(item: WebSearchThreadItem) -> Fields:
    fields: Fields = {"id": item.id, "query": item.query}
    for kind, action in _KINDS.items():
        if isinstance(item.action, action):
            given = {name: value for name, value in asdict(item.action).items() if value is not None}
            fields["action"] = {"type": kind, **given}
    return {**fields, "results": item.results} if item.results else fields


_KINDS = {
    "search": SearchWebSearchAction,
    "open_page": OpenPageWebSearchAction,
    "find_in_page": FindInPageWebSearchAction,
    "other": OtherWebSearchAction,
}


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
