"""A model's stream as thread items: what the followers see of one attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from spindled.agent.sampling.drafts import MessageDraft, PlanningDraft, ReasoningDraft
from spindled.agent.sampling.searches import SearchDraft
from spindled.model.events import ItemAdded, ItemDone, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.agent.events import ThreadEvents
    from spindled.model.events import ModelEvent
    from spindled_protocol.types import ThreadItem

ResponsesItem = dict[str, Any]


class Done(Protocol):
    def __call__(self, item: ResponsesItem, *shown: ThreadItem) -> None:
        """A finished Responses item and the thread items that show it."""


class Drafts:
    """Items of one attempt that are begun and not done.

    `done` is called once for each finished Responses item, in the order in which the model finished them. `planning`:
    messages may hold a plan, which is an item of its own.
    """

    def __init__(
        self,
        events: ThreadEvents,
        turn_id: str,
        done: Done,
        *,
        raw_reasoning: bool,
        new_id: Callable[[str], str],
        planning: bool = False,
    ):
        self.events = events
        self.turn_id = turn_id
        self.done = done
        self.raw_reasoning = raw_reasoning
        self.new_id = new_id
        self.planning = planning
        self.open: dict[str, MessageDraft | ReasoningDraft | SearchDraft] = {}

    def feed(self, event: ModelEvent) -> None:
        """Publish one event of the stream; terminal events are the caller's."""
        if isinstance(event, TextDelta):
            draft = self.open.get(event.item_id)
            if isinstance(draft, MessageDraft):
                draft.add(event.delta)
        elif isinstance(event, ItemAdded):
            self._start(event.item)
        elif isinstance(event, ItemDone):
            self._finish(event.item)
        else:
            draft = self.open.get(getattr(event, "item_id", ""))
            if isinstance(draft, ReasoningDraft):
                draft.add(event)

    def cut(self) -> list[tuple[ResponsesItem, list[ThreadItem]]]:
        """Close messages that the user saw a part of, with that part; drafts without text are dropped."""
        kept = [draft.cut() for draft in self.open.values() if isinstance(draft, MessageDraft) and any(draft.text)]
        self.open.clear()
        return kept

    def _start(self, item: ResponsesItem) -> None:
        kind, proposed = item.get("type"), item.get("id", "")
        if kind == "message":
            draft_of = PlanningDraft if self.planning else MessageDraft
            self.open[proposed] = draft_of(self.events, self.turn_id, self.new_id(proposed), item.get("phase"))
        elif kind == "reasoning":
            self.open[proposed] = ReasoningDraft(
                self.events, self.turn_id, self.new_id(proposed), raw=self.raw_reasoning
            )
        elif kind == "web_search_call":
            self.open[proposed] = SearchDraft(self.events, self.turn_id, self.new_id(proposed), item)

    def _finish(self, item: ResponsesItem) -> None:
        if item.get("id", "") not in self.open:
            self._start(item)
        draft = self.open.pop(item.get("id", ""), None)
        self.done(item, *(draft.finish(item) if draft is not None else ()))
