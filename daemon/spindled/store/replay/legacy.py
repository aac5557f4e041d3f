"""Rollouts from before `item_completed`: turns made of user_message, agent_message and agent_reasoning events.

Where those are missing too, the messages among the history items serve.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from spindled.store.rollout.payloads import Event
from spindled_protocol.types import (
    AgentMessageThreadItem,
    ImageUserInput,
    ReasoningThreadItem,
    TextUserInput,
    ThreadItem,
    Turn,
    UserInput,
    UserMessageThreadItem,
)

# User messages that the harness made: context, not something the user typed.
_CONTEXT_PREFIXES = (
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md",
    "<turn_aborted>",
    "<user_shell_command>",
    "<permissions",
)


class _Part(msgspec.Struct):
    text: str = ""


class _Item(msgspec.Struct):
    type: str
    role: str = ""
    content: list[_Part] | None = None


_decode_item = msgspec.json.Decoder(_Item).decode


class Messages:
    """Collects both kinds of sources; `turns()` takes the better one."""

    def __init__(self) -> None:
        self._from_events = _Turns()
        self._from_history = _Turns()

    def event(self, event: Event) -> None:
        turns = self._from_events
        match event.type:
            case "task_started" | "turn_started":
                turns.begin(event.turn_id, event.started_at)
            case "user_message":
                turns.user(event.message or "", event.images or [])
            case "agent_message":
                turns.agent(event.message or "")
            case "agent_reasoning":
                turns.reasoning(event.text or "")
            case "turn_aborted":
                turns.status("interrupted")

    def response_item(self, payload: Raw) -> None:
        try:
            item = _decode_item(payload)
        except ValueError:
            return
        text = "".join(part.text for part in item.content or [])
        if item.role == "assistant":
            self._from_history.agent(text)
        elif item.role == "user" and not text.startswith(_CONTEXT_PREFIXES):
            self._from_history.user(text, [])

    def turns(self) -> list[Turn]:
        found = self._from_events.found
        return found if any(turn.items for turn in found) else self._from_history.found


class _Turns:
    def __init__(self) -> None:
        self.found: list[Turn] = []
        self._items = 0

    def begin(self, turn_id: str | None, started_at: int | None = None) -> None:
        name = turn_id or f"turn-{len(self.found) + 1}"
        self.found.append(Turn(id=name, items=[], itemsView="full", status="completed", startedAt=started_at))

    def user(self, text: str, images: list[str]) -> None:
        if not self.found or self.found[-1].items:
            self.begin(None)
        content: list[UserInput] = [TextUserInput(text=text), *[ImageUserInput(url=url) for url in images]]
        self._add(UserMessageThreadItem(id=self._next_id(), content=content))

    def agent(self, text: str) -> None:
        self._add(AgentMessageThreadItem(id=self._next_id(), text=text))

    def reasoning(self, text: str) -> None:
        last = self.found[-1].items[-1] if self.found and self.found[-1].items else None
        if isinstance(last, ReasoningThreadItem):
            last.summary = [*last.summary, text]
        else:
            self._add(ReasoningThreadItem(id=self._next_id(), summary=[text]))

    def status(self, status: Any) -> None:
        if self.found:
            self.found[-1].status = status

    def _add(self, item: ThreadItem) -> None:
        if not self.found:
            self.begin(None)
        self.found[-1].items.append(item)

    def _next_id(self) -> str:
        self._items += 1
        return f"item-{self._items}"
