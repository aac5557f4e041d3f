"""The turn of `review/start`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from spindled.agent.clock import now_ms
from spindled.agent.prompt.inputs import PreparedInput
from spindled.agent.prompt.prompt import message
from spindled.agent.review import target as targets
from spindled.agent.review.findings import parsed
from spindled.agent.review.relay import Relay
from spindled.agent.turn.notes import Note
from spindled.agent.turn.outcome import TurnFailed
from spindled.agent.turn.turn import RunningTurn
from spindled.store.ids import new_id
from spindled_protocol.types import (
    AgentMessageThreadItem,
    EnteredReviewModeThreadItem,
    ExitedReviewModeThreadItem,
    TextUserInput,
    Turn,
    TurnError,
    UserMessageThreadItem,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.agent.ports import Followers
    from spindled.agent.thread import Thread
    from spindled_protocol.types import ReviewTarget

NOTHING_SAID = "The reviewer gave no answer."
CUT_OFF = "The review was cut off before it was done. Start it again if you still want it."


class ReviewTurn(RunningTurn):
    """A reviewer with a history of its own does the work; the thread keeps what it found.

    `reviewer(followers)` makes that conversation. What it uses is charged to this thread.
    """

    kind = "review"
    steerable = False

    def __init__(self, thread: Thread, target: ReviewTarget, reviewer: Callable[[Followers], Thread]):
        super().__init__(thread, thread.settings)
        self.target = targets.checked(target)
        self.hint = targets.hint(self.target)
        self._make_reviewer = reviewer

    def snapshot_of_request(self) -> Turn:
        """What review/start answers: the turn with what was asked for as its user message."""
        said = [TextUserInput(text=self.hint)]
        asked = UserMessageThreadItem(id=self.id, content=list(said), startedAtMs=None, completedAtMs=None)
        return Turn(id=self.id, items=[asked], itemsView="notLoaded", status="inProgress")

    async def _loop(self) -> None:
        self._announce()
        self._show(EnteredReviewModeThreadItem(id=new_id(), review=self.hint))
        relay = Relay(self)
        reviewer = self._make_reviewer(relay)
        said: str | None = None
        try:
            said = await self._review(reviewer, relay)
        finally:
            self._conclude_review(said)
            await asyncio.shield(reviewer.close())

    async def _review(self, reviewer: Thread, relay: Relay) -> str:
        """The reviewer's answer; raises TurnFailed."""
        environment = self.thread.surroundings.tool_options.environment
        asked = await targets.request(self.target, self.settings.cwd, environment)
        turn = reviewer.turns.start(PreparedInput([TextUserInput(text=asked)], None), reviewer.settings)
        turn.start()
        try:
            await turn.concluded.wait()
        except asyncio.CancelledError:
            await reviewer.turns.interrupt(turn.id)
            turn.conclude()
            raise
        if relay.outcome is None or relay.outcome.status != "completed":
            error = relay.outcome.error if relay.outcome is not None else None
            raise TurnFailed(error or TurnError(message="The reviewer was stopped.", codexErrorInfo="other"))
        return turn.final.text if turn.final is not None else ""

    def _conclude_review(self, said: str | None) -> None:
        """None: the reviewer did not get to its end. Either way the thread knows of it and goes on."""
        text = CUT_OFF if said is None else parsed(said).text or NOTHING_SAID
        self.thread.remember([review_note(text).item])
        self._show(ExitedReviewModeThreadItem(id=new_id(), review=text))
        self.thread.remember([message("assistant", text)])
        final = AgentMessageThreadItem(id=f"msg_{new_id()}", text=text)
        self._show(final)
        self.last_message(final)

    def _show(self, item: EnteredReviewModeThreadItem | ExitedReviewModeThreadItem | AgentMessageThreadItem) -> None:
        item.startedAtMs, item.completedAtMs = now_ms(), None
        self.thread.events.item_started(self.id, item, item.startedAtMs)
        item.completedAtMs = item.startedAtMs
        self.thread.complete_item(self.id, item)


def review_note(text: str) -> Note:
    guidance = f"The user had changes reviewed, in another conversation. What came of it, for you to know:\n{text}"
    return Note(guidance, "")
