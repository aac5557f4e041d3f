"""A model's stream as thread items: what the followers see of one attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.clock import now_ms
from spindled.agent.history import message_text
from spindled.model.events import (
    ItemAdded,
    ItemDone,
    ReasoningDelta,
    SummaryDelta,
    SummaryPartAdded,
    TextDelta,
)
from spindled_protocol.types import AgentMessageThreadItem, ReasoningThreadItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.agent.events import ThreadEvents
    from spindled.model.events import ModelEvent
    from spindled_protocol.types import ThreadItem

ResponsesItem = dict[str, Any]


class Drafts:
    """Items of one attempt that are begun and not done.

    `done(item, shown)` is called once for each finished Responses item with the thread item that shows it, if any,
    in the order in which the model finished them.
    """

    def __init__(
        self,
        events: ThreadEvents,
        turn_id: str,
        done: Callable[[ResponsesItem, ThreadItem | None], None],
        *,
        raw_reasoning: bool,
        new_id: Callable[[str], str],
    ):
        self.events = events
        self.turn_id = turn_id
        self.done = done
        self.raw_reasoning = raw_reasoning
        self.new_id = new_id
        self.open: dict[str, Draft] = {}

    def feed(self, event: ModelEvent) -> None:
        """Publish one event of the stream; terminal events are the caller's."""
        if isinstance(event, TextDelta):
            draft = self.open.get(event.item_id)
            if draft is not None:
                draft.text.append(event.delta)
                self.events.message_delta(self.turn_id, draft.id, event.delta)
        elif isinstance(event, ItemAdded):
            self._start(event.item)
        elif isinstance(event, ItemDone):
            self._finish(event.item)
        else:
            self._reasoning(event)

    def cut(self) -> list[tuple[ResponsesItem, ThreadItem]]:
        """Close messages that the user saw a part of, with that part; drafts without text are dropped."""
        kept: list[tuple[ResponsesItem, ThreadItem]] = []
        for draft in self.open.values():
            text = "".join(draft.text)
            if draft.kind == "message" and text:
                item = {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": text, "annotations": []}],
                }
                kept.append((item, draft.message(text, draft.phase)))
        self.open.clear()
        return kept

    def _start(self, item: ResponsesItem) -> None:
        kind = item.get("type")
        if kind not in ("message", "reasoning"):
            return
        draft = Draft(self.new_id(item.get("id", "")), kind, item.get("phase"))
        self.open[item.get("id", "")] = draft
        shown = draft.message("", draft.phase) if kind == "message" else draft.reasoning([], [])
        shown.completedAtMs = None
        self.events.item_started(self.turn_id, shown, draft.started_ms)

    def _finish(self, item: ResponsesItem) -> None:
        if item.get("id", "") not in self.open:
            self._start(item)
        draft = self.open.pop(item.get("id", ""), None)
        if draft is None:
            self.done(item, None)
        elif draft.kind == "message":
            self.done(item, draft.message(message_text(item), item.get("phase")))
        else:
            raw = texts(item.get("content")) if self.raw_reasoning else []
            self.done(item, draft.reasoning(texts(item.get("summary")), raw))

    def _reasoning(self, event: ModelEvent) -> None:
        draft = self.open.get(getattr(event, "item_id", ""))
        if draft is None:
            return
        if isinstance(event, SummaryDelta):
            self.events.summary_delta(self.turn_id, draft.id, event.index, event.delta)
        elif isinstance(event, SummaryPartAdded):
            self.events.summary_part(self.turn_id, draft.id, event.index)
        elif isinstance(event, ReasoningDelta) and self.raw_reasoning:
            self.events.reasoning_delta(self.turn_id, draft.id, event.index, event.delta)


class Draft:
    """One item that the model is writing."""

    __slots__ = ("id", "kind", "phase", "started_ms", "text")

    def __init__(self, item_id: str, kind: str, phase: Any):
        self.id = item_id
        self.kind = kind
        self.phase = phase if phase in ("commentary", "final_answer") else None
        self.started_ms = now_ms()
        self.text: list[str] = []

    def message(self, text: str, phase: Any) -> AgentMessageThreadItem:
        return AgentMessageThreadItem(
            id=self.id,
            text=text,
            phase=phase if phase in ("commentary", "final_answer") else self.phase,
            startedAtMs=self.started_ms,
            completedAtMs=now_ms(),
        )

    def reasoning(self, summary: list[str], content: list[str]) -> ReasoningThreadItem:
        return ReasoningThreadItem(
            id=self.id, summary=summary, content=content, startedAtMs=self.started_ms, completedAtMs=now_ms()
        )


def texts(parts: Any) -> list[str]:
    return [part.get("text", "") for part in parts] if isinstance(parts, list) else []
