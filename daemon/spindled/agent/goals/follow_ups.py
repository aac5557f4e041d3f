"""What follows a turn by itself: input that waits in the queue, then work towards the goal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spindled.agent.goals import goals
from spindled.agent.goals.goal_keeper import GoalKeeper
from spindled.agent.prompt.inputs import PreparedInput
from spindled.agent.prompt.prompt import message
from spindled.agent.turn.turn import RunningTurn
from spindled.store.errors import StoreError

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.store.library.library import Library
    from spindled_protocol.types import QueuedSubmission, ThreadGoal, Turn

log = logging.getLogger(__name__)


def may_follow(outcome: Turn) -> bool:
    """Not after an interrupt, nor when a budget is used up: then all waits for the next turn, or to be started."""
    spent = outcome.error is not None and outcome.error.codexErrorInfo == "sessionBudgetExceeded"
    return outcome.status != "interrupted" and not spent


class FollowUps:
    """Of one loaded thread that is stored."""

    def __init__(self, thread: Thread, library: Library):
        self._thread = thread
        self._queue = library.queues
        self._read_states = library.read_states
        self.goal = GoalKeeper(thread, library.goals)

    def turn_ended(self, turn: RunningTurn, outcome: Turn) -> None:
        """Before the followers hear of the end. Raises nothing: what cannot be kept is told."""
        with self._complaining():
            self.goal.turn_ended(turn.id, outcome.error)

    def mark_unread(self, turn: RunningTurn, outcome: Turn) -> None:
        """There is something new to read, unless the user stopped the turn or another one follows."""
        if outcome.status == "interrupted":
            return
        with self._complaining():
            if outcome.error is not None or self.goal.goes_on is None:
                reading = self._read_states.turn_ended(self._thread.id, turn.id)
                self._thread.events.read_state_changed(reading.to_wire())

    def begin(self) -> None:
        """Begin what comes next, if there is anything. The thread must be idle. What cannot begin waits on."""
        with self._complaining():
            if submission := self._queue.first(self._thread.id):
                turn = self.take(submission)
                self._thread.events.queue_changed()
                turn.start()
            elif goal := self.goal.goes_on:
                self._begin_goal(goal)

    def take(self, submission: QueuedSubmission) -> RunningTurn:
        """A turn with what was queued, about to run. Raises StoreError; then it is still queued."""
        prepared = PreparedInput(submission.input, submission.clientUserMessageId)
        self._thread.record.flush()
        self._queue.remove(self._thread.id, submission.id)
        return self._thread.turns.start(prepared, self._thread.settings)

    def _begin_goal(self, goal: ThreadGoal) -> None:
        turn = RunningTurn(self._thread, self._thread.settings)
        turn.whisper(message("user", goals.go_on(goal)), urgent=True)
        self._thread.turns.begin(turn, goal.objective)
        self._thread.record.goal(goal.objective)
        turn.start()

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            log.error("thread %s: %s", self._thread.id, error)
            self._thread.events.warning(f"What should follow by itself has to wait: {error}.")
