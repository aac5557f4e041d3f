"""What waits until a turn's next request: the user's input, and what the model is told beside it."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from spindled.agent.clock import now_ms
from spindled.store.ids import new_id
from spindled_protocol.types import UserMessageThreadItem

if TYPE_CHECKING:
    from spindled.agent.prompt.inputs import PreparedInput
    from spindled.agent.turn.turn import RunningTurn

log = logging.getLogger(__name__)


class Pending:
    """Of one running turn."""

    def __init__(self, turn: RunningTurn, first: PreparedInput | None):
        self._turn = turn
        self._inputs: deque[PreparedInput] = deque([first] if first is not None else [])
        self._whispers: list[dict[str, Any]] = []
        self._urgent = False

    def add(self, prepared: PreparedInput) -> None:
        self._inputs.append(prepared)

    def whisper(self, item: dict[str, Any], *, urgent: bool) -> None:
        """A history item that makes for a request of its own only if it is urgent."""
        self._whispers.append(item)
        self._urgent = self._urgent or urgent

    @property
    def said(self) -> bool:
        """Whether the user's input waits."""
        return bool(self._inputs)

    @property
    def wants_request(self) -> bool:
        return self.said or self._urgent or bool(self._turn.thread.user_commands.heard)

    async def take(self) -> None:
        """Put everything into the history, and show the user's input as items. Raises InputError, StoreError."""
        self._turn.thread.remember(self._whispers)
        self._whispers, self._urgent = [], False
        await self._take_inputs()

    async def keep(self) -> None:
        """What was sent before the turn ended belongs to the conversation, heard or not."""
        try:
            await self._take_inputs()
        except Exception:
            log.exception("turn %s: input is lost", self._turn.id)

    async def _take_inputs(self) -> None:
        thread = self._turn.thread
        thread.remember(thread.user_commands.take())
        while self._inputs:
            prepared = self._inputs.popleft()
            thread.remember([item for item in prepared.context if item not in thread.history.items])
            if prepared.inputs:
                await self._take_input(prepared)

    async def _take_input(self, prepared: PreparedInput) -> None:
        turn, thread = self._turn, self._turn.thread
        content = await prepared.content()
        turn.guards.reset()
        at_ms = now_ms()
        item = UserMessageThreadItem(
            id=new_id(), clientId=prepared.client_id, content=prepared.inputs, startedAtMs=at_ms, completedAtMs=None
        )
        thread.events.item_started(turn.id, item, at_ms)
        said = {"type": "message", "role": "user", "content": content}
        thread.remember([said, *thread.told.skills_named(prepared.inputs, turn.settings)])
        item.completedAtMs = at_ms
        thread.complete_item(turn.id, item)
