"""Reasoning beside a chat message: what arrives in which field, and what goes back.

A reasoning item's seal holds the `field` its text came in, OpenRouter's `reasoning_details`, and what Gemini wants back
with its `calls`: their `extra_content`, by call id.
"""

from __future__ import annotations

from typing import Any

from ..conversation import Reply, thought_text
from ..quirks import Quirks
from ..sealed import Seal

Json = dict[str, Any]
GROWING = ("text", "summary", "data")


class Details:
    """`reasoning_details`, put together from the fragments of a stream: `entries` grows with them."""

    def __init__(self) -> None:
        self.entries: list[Json] = []
        self._known: dict[Any, Json] = {}

    def add(self, fragments: Any) -> None:
        """Fragments of one index and type are one entry."""
        for fragment in fragments if isinstance(fragments, list) else []:
            if isinstance(fragment, dict):
                self._grow(self._entry(fragment), fragment)

    def _entry(self, fragment: Json) -> Json:
        index, kind = fragment.get("index"), fragment.get("type")
        if not isinstance(index, int) or not isinstance(kind, str):
            self.entries.append({})
            return self.entries[-1]
        if (index, kind) not in self._known:
            self.entries.append({})
            self._known[index, kind] = self.entries[-1]
        return self._known[index, kind]

    @staticmethod
    def _grow(entry: Json, fragment: Json) -> None:
        for name, value in fragment.items():
            if name in GROWING and isinstance(value, str) and isinstance(entry.get(name), str):
                entry[name] += value
            elif value is not None or name not in entry:
                entry[name] = value


def extras(reply: Reply, seal: Seal) -> dict[str, Any]:
    """The `extra_content` of a reply's calls, by call id, where the endpoint gave one."""
    found: dict[str, Any] = {}
    for item in reply.items:
        state = seal.open(item) if item["type"] == "reasoning" else None
        if state is not None and isinstance(state.get("calls"), dict):
            found |= state["calls"]
    return found


def replayed(reply: Reply, quirks: Quirks, seal: Seal) -> Json:
    """The members that give a reply's reasoning back to the endpoint that it came from."""
    texts: dict[str, list[str]] = {}
    details: list[Json] = []
    for item in reply.items if quirks.replay_reasoning else []:
        state = seal.open(item) if item["type"] == "reasoning" else None
        if state is None:
            continue
        details += state.get("details", [])
        field, text = state.get("field"), thought_text(item)
        if field in quirks.reasoning_fields and text:
            texts.setdefault(field, []).append(text)
    if not texts and quirks.reasoning_required and reply.calls:
        return {quirks.reasoning_fields[0]: ""}
    joined = {field: "\n\n".join(parts) for field, parts in texts.items()}
    return {**joined, **({"reasoning_details": details} if details else {})}
