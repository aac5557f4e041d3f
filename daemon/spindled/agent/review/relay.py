"""What the followers of a thread see of the conversation that reviews for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spindled_protocol.types import (
    ActiveThreadStatus,
    AgentMessageThreadItem,
    ErrorNotification,
    ItemCompletedNotification,
    ItemStartedNotification,
    ThreadStatusChangedNotification,
    TurnCompletedNotification,
)

if TYPE_CHECKING:
    from spindled.agent.turn.turn import RunningTurn
    from spindled_protocol.base import Wire
    from spindled_protocol.types import ThreadActiveFlag, Turn

TOLD = frozenset(
    (
        "item/started",
        "item/completed",
        "item/reasoning/summaryPartAdded",
        "item/reasoning/summaryTextDelta",
        "item/reasoning/textDelta",
        "item/commandExecution/outputDelta",
        "item/commandExecution/terminalInteraction",
        "item/mcpToolCall/progress",
        "error",
        "warning",
    )
)


class Relay:
    """Implements `ports.Followers` for the reviewer: its work is told as that of the review's turn.

    Its messages are not: they are the raw form of the review, which is told at the end.
    """

    def __init__(self, turn: RunningTurn):
        self.turn = turn
        self.outcome: Turn | None = None
        """The reviewer's turn, once it has ended."""
        self._flags: list[ThreadActiveFlag] = []

    def publish(self, method: str, params: Wire) -> None:
        if isinstance(params, TurnCompletedNotification):
            self.outcome = params.turn
        elif isinstance(params, ThreadStatusChangedNotification):
            self._status(params)
        elif method in TOLD and not self._is_for_us(params):
            self._tell(method, params)

    async def writable(self) -> None:
        await self.turn.thread.events.followers.writable()

    async def ask(self, method: str, params: Wire, answer: type[Any]) -> Any:
        return await self.turn.thread.events.followers.ask(method, self._as_of_the_turn(params), answer)

    def _tell(self, method: str, params: Wire) -> None:
        if isinstance(params, ItemCompletedNotification):
            self.turn.thread.complete_item(self.turn.id, params.item)
        else:
            self.turn.thread.events.followers.publish(method, self._as_of_the_turn(params))

    def _is_for_us(self, params: Wire) -> bool:
        if isinstance(params, ItemStartedNotification | ItemCompletedNotification):
            return isinstance(params.item, AgentMessageThreadItem)
        return isinstance(params, ErrorNotification) and not params.willRetry  # the turn fails with it

    def _status(self, params: ThreadStatusChangedNotification) -> None:
        """What the reviewer waits for, the thread waits for."""
        flags = params.status.activeFlags if isinstance(params.status, ActiveThreadStatus) else []
        if flags != self._flags:
            self._flags = flags
            self.turn.thread.events.active(*flags)

    def _as_of_the_turn(self, params: Wire) -> Wire:
        ours = {"threadId": self.turn.thread.id, "turnId": self.turn.id}
        known = {name: value for name, value in ours.items() if name in params.__struct_fields__}
        return msgspec.structs.replace(params, **known)
