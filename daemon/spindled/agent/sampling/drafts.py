"""Items that the model is writing, each shown to the followers as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.clock import now_ms
from spindled.agent.history.history import message_text
from spindled.agent.sampling.plan_text import Piece, PlanText, divided
from spindled.model.events import ReasoningDelta, SummaryDelta, SummaryPartAdded
from spindled_protocol.types import AgentMessageThreadItem, PlanThreadItem, ReasoningThreadItem

if TYPE_CHECKING:
    from spindled.agent.events import ThreadEvents
    from spindled.model.events import ModelEvent
    from spindled_protocol.types import MessagePhase, ThreadItem

ResponsesItem = dict[str, Any]


class MessageDraft:
    """A message, shown from its start."""

    def __init__(self, events: ThreadEvents, turn_id: str, item_id: str, phase: Any):
        self.events = events
        self.turn_id = turn_id
        self.id = item_id
        self.phase = known_phase(phase)
        self.started_ms = now_ms()
        self.text: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._show()

    def add(self, delta: str) -> None:
        self.text.append(delta)
        self.events.message_delta(self.turn_id, self.id, delta)

    def finish(self, item: ResponsesItem) -> list[ThreadItem]:
        """The items that show the finished message."""
        self.phase = known_phase(item.get("phase")) or self.phase
        return self._shown(message_text(item))

    def cut(self) -> tuple[ResponsesItem, list[ThreadItem]]:
        """The message as far as it was seen, for the history and for the followers."""
        text = "".join(self.text)
        content = [{"type": "output_text", "text": text, "annotations": []}]
        return {"type": "message", "role": "assistant", "content": content}, self._shown(text)

    def _shown(self, text: str) -> list[ThreadItem]:
        return [self._message(text, now_ms())]

    def _show(self) -> None:
        self.events.item_started(self.turn_id, self._message("", None), self.started_ms)

    def _message(self, text: str, completed_ms: int | None) -> AgentMessageThreadItem:
        return AgentMessageThreadItem(
            id=self.id, text=text, phase=self.phase, startedAtMs=self.started_ms, completedAtMs=completed_ms
        )


class PlanningDraft(MessageDraft):
    """A message that may hold a plan. Each of the two is shown from its first words."""

    def _begin(self) -> None:
        self._parser = PlanText()
        self._blank = ""
        """White space before the message's first word: it is no message yet."""
        self._told = False
        self._plan_ms: int | None = None
        """Since when the plan is shown."""

    def add(self, delta: str) -> None:
        self.text.append(delta)
        self._tell(self._parser.feed(delta))

    def _tell(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.plan:
                self._show_plan()
                if piece.text:
                    self.events.plan_delta(self.turn_id, self._plan_id, piece.text)
            else:
                self._say(piece.text)

    def _say(self, text: str) -> None:
        text, self._blank = self._blank + text, ""
        if not self._told and not text.strip():
            self._blank = text
            return
        self._show_message()
        self.events.message_delta(self.turn_id, self.id, text)

    def _shown(self, text: str) -> list[ThreadItem]:
        """The plan first."""
        self._tell(self._parser.finish())
        outside, plan = divided(text)
        items: list[ThreadItem] = []
        if plan is not None:
            started = self._show_plan()
            items.append(PlanThreadItem(id=self._plan_id, text=plan, startedAtMs=started, completedAtMs=now_ms()))
        if self._told or outside.strip():
            self._show_message()
            items.append(self._message(outside, now_ms()))
        return items

    @property
    def _plan_id(self) -> str:
        return f"{self.turn_id}-plan"

    def _show_plan(self) -> int:
        if self._plan_ms is None:
            self._plan_ms = now_ms()
            item = PlanThreadItem(id=self._plan_id, text="", startedAtMs=self._plan_ms, completedAtMs=None)
            self.events.item_started(self.turn_id, item, self._plan_ms)
        return self._plan_ms

    def _show_message(self) -> None:
        if not self._told:
            self._told = True
            self._show()


class ReasoningDraft:
    """Thoughts; the raw ones only where they may be shown."""

    def __init__(self, events: ThreadEvents, turn_id: str, item_id: str, *, raw: bool):
        self.events = events
        self.turn_id = turn_id
        self.id = item_id
        self.raw = raw
        self.started_ms = now_ms()
        self.events.item_started(turn_id, self._item([], [], None), self.started_ms)

    def add(self, event: ModelEvent) -> None:
        if isinstance(event, SummaryDelta):
            self.events.summary_delta(self.turn_id, self.id, event.index, event.delta)
        elif isinstance(event, SummaryPartAdded):
            self.events.summary_part(self.turn_id, self.id, event.index)
        elif isinstance(event, ReasoningDelta) and self.raw:
            self.events.reasoning_delta(self.turn_id, self.id, event.index, event.delta)

    def finish(self, item: ResponsesItem) -> list[ThreadItem]:
        raw = texts(item.get("content")) if self.raw else []
        return [self._item(texts(item.get("summary")), raw, now_ms())]

    def _item(self, summary: list[str], content: list[str], completed_ms: int | None) -> ReasoningThreadItem:
        return ReasoningThreadItem(
            id=self.id, summary=summary, content=content, startedAtMs=self.started_ms, completedAtMs=completed_ms
        )


def known_phase(phase: Any) -> MessagePhase | None:
    return phase if phase in ("commentary", "final_answer") else None


def texts(parts: Any) -> list[str]:
    return [part.get("text", "") for part in parts] if isinstance(parts, list) else []
