"""Which turn of a thread runs, and which one follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.clock import now_s
from spindled.agent.goals.follow_ups import may_follow
from spindled.agent.turn.turn import RunningTurn

if TYPE_CHECKING:
    from spindled.agent.budget.ledger import Given
    from spindled.agent.prompt.inputs import PreparedInput
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled_protocol.types import Turn


class TurnConflict(Exception):
    """A request that does not fit the turn that runs, or that none does; the text is for the client."""


class NotSteerable(TurnConflict):
    """The turn that runs takes no input; `kind` says what it does instead."""

    def __init__(self, kind: str):
        super().__init__(f"cannot steer a {kind} turn")
        self.kind = kind


class Turns:
    """Of one loaded thread: at most one runs."""

    def __init__(self, thread: Thread, latest: str | None):
        self._thread = thread
        self.active: RunningTurn | None = None
        self.following: RunningTurn | None = None
        self.latest = latest
        """The id of the one that ended last."""
        self.closing = False

    # -- beginning one

    def start(
        self,
        prepared: PreparedInput,
        settings: ThreadSettings,
        output_schema: Any = None,
        budget: Given | None = None,
    ) -> RunningTurn:
        """A turn that is about to run; while one runs, the input, and the budget, go to that one instead.

        Raises StoreError, and TurnConflict once the thread closes or while it takes no input (wait for `quiet`).
        """
        if self.closing or self.stopping:
            raise TurnConflict("the thread is being closed" if self.closing else "the active turn is being stopped")
        if self.active is not None and not self.active.steerable:
            raise NotSteerable(self.active.kind)
        if self.active is None:
            turn = RunningTurn(self._thread, settings, prepared, output_schema, budget)
            return self.begin(turn, prepared.preview())
        self._thread.record.flush()
        self._touch(settings)
        self.active.steer(prepared)
        self.active.budget.give(budget or {})
        return self.active

    def begin(self, turn: RunningTurn, preview: str = "") -> RunningTurn:
        """Make a turn of an idle thread the one that is about to run. Raises StoreError, TurnConflict."""
        self.check_open()
        self._touch(turn.settings)
        self._thread.identity.preview = self._thread.identity.preview or preview
        self.active = turn
        return turn

    def begin_next(self) -> None:
        """Begin what is queued, or go on towards the goal, if the thread is idle."""
        if self._thread.follow_ups is not None and self.active is None and not self.closing:
            self._thread.follow_ups.begin()

    def compact(self) -> None:
        """Replace the history by a summary, in a turn of its own; the turn that runs is interrupted."""
        from spindled.agent.turn.compaction_turn import CompactionTurn

        self.interpose(CompactionTurn(self._thread, self._thread.settings))

    def interpose(self, turn: RunningTurn) -> None:
        """Run this turn as soon as the one that runs is stopped; one that was to follow it is given up."""
        self._give_up_following()
        self.following = turn
        if self.active is not None:
            self.active.interrupt()
        else:
            self._follow()

    def check_open(self) -> None:
        """Raises StoreError, and TurnConflict once the thread closes."""
        if self.closing:
            raise TurnConflict("the thread is being closed")
        self._thread.record.flush()

    # -- the one that runs

    def steer(self, prepared: PreparedInput, expected_turn_id: str) -> RunningTurn:
        """Raises TurnConflict unless that turn runs."""
        turn = self.check_active(expected_turn_id)
        turn.steer(prepared)
        return turn

    def check_active(self, expected_turn_id: str) -> RunningTurn:
        """The turn that runs; raises TurnConflict unless it is the expected one."""
        if self.active is None or self.active.stopping:
            raise TurnConflict("no active turn to steer")
        if self.active.id != expected_turn_id:
            raise TurnConflict(f"expected active turn id `{expected_turn_id}` but found `{self.active.id}`")
        if not self.active.steerable:
            raise NotSteerable(self.active.kind)
        return self.active

    async def interrupt(self, turn_id: str) -> RunningTurn:
        """Stop that turn and wait until nothing of it runs; the caller then lets it `conclude`."""
        if self.active is None:
            raise TurnConflict("no active turn to interrupt")
        if turn_id and self.active.id != turn_id:
            raise TurnConflict(f"expected active turn id {turn_id} but found {self.active.id}")
        turn = self.active
        await turn.interrupted()
        return turn

    @property
    def stopping(self) -> bool:
        """Whether a turn that was interrupted has not ended yet."""
        return self.active is not None and self.active.stopping

    @property
    def engaged(self) -> bool:
        """Whether input has to wait: a turn is being stopped, or compacts."""
        return self.active is not None and (self.active.stopping or not self.active.steerable)

    async def quiet(self) -> None:
        """Wait until the thread takes input."""
        while self.active is not None and self.engaged:
            await self.active.concluded.wait()

    async def stopped(self) -> None:
        """Wait until no turn is being stopped."""
        while self.active is not None and self.active.stopping:
            await self.active.concluded.wait()

    # -- ends

    def ended(self, turn: RunningTurn, outcome: Turn) -> None:
        """Called once by each turn, when it concludes."""
        thread = self._thread
        if self.active is turn:
            self.active = None
        self.latest = turn.id
        thread.remember(thread.user_commands.take())
        thread.identity.updated_at = now_s()
        if thread.follow_ups is not None:
            thread.follow_ups.turn_ended(turn, outcome)
        if outcome.error is not None:
            thread.events.system_error()
            thread.events.error(turn.id, outcome.error, will_retry=False)
        if thread.follow_ups is not None:
            thread.follow_ups.mark_unread(turn, outcome)
        if outcome.error is None and self.active is None:  # else it was given up before it began
            thread.events.idle()
        thread.events.turn_completed(outcome)
        self._follow()
        if may_follow(outcome):
            self.begin_next()

    async def close(self) -> None:
        """Stop the turn that runs; none begins any more."""
        self.closing = True
        self._give_up_following()
        if self.active is not None:
            turn = self.active
            await turn.interrupted()
            turn.conclude()

    def _give_up_following(self) -> None:
        """Who was promised that turn hears that it has ended."""
        given_up, self.following = self.following, None
        if given_up is not None and given_up.promised:
            given_up.interrupt()

    def _follow(self) -> None:
        """Begin the turn that waits for the end of another."""
        if self.following is not None and self.active is None and not self.closing:
            self.active, self.following = self.following, None
            self.active.start()

    def _touch(self, settings: ThreadSettings) -> None:
        self._thread.settings = settings
        self._thread.identity.updated_at = now_s()
