"""The goal of one loaded thread: counted while turns run, and told to the followers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from spindled.agent.clock import now_s
from spindled.agent.goals import goals
from spindled.agent.goals.goals import GoalError
from spindled.agent.prompt.prompt import message

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.model.events import Usage
    from spindled.store.library.goals import Goals
    from spindled_protocol.types import ThreadGoal, ThreadGoalStatus, TurnError

UNFINISHED = ("active", "paused", "blocked", "usageLimited", "budgetLimited")


class GoalKeeper:
    """Implements `tools.base.GoalBook`. The store is asked each time: another client may have changed the goal."""

    def __init__(self, thread: Thread, stored: Goals):
        self._thread = thread
        self._stored = stored
        self._since = time.monotonic()
        self._seconds = 0.0
        self._begun_here = self._ended_here = False

    @property
    def current(self) -> ThreadGoal | None:
        return self._stored.of(self._thread.id)

    @property
    def goes_on(self) -> ThreadGoal | None:
        """The goal that asks for another turn."""
        goal = self.current
        return goal if goal is not None and goal.status == "active" else None

    def show(self) -> None:
        """Tell the followers how it is."""
        if goal := self.current:
            self._thread.events.goal_updated(None, goal)
        else:
            self._thread.events.goal_cleared()

    def was_set(self, before: ThreadGoal | None, goal: ThreadGoal) -> None:
        """A client has set it: the turn that runs hears of a new objective, an idle thread begins to work."""
        self._thread.events.goal_updated(None, goal)
        turn = self._thread.turns.active
        if turn is not None and before is not None and before.objective != goal.objective and goal.status == "active":
            turn.whisper(message("user", goals.edited(goal)), urgent=True)
        self._thread.turns.begin_next()

    # -- by the model

    def begin(self, turn_id: str, objective: str, budget: int | None) -> ThreadGoal:
        """Raises GoalError."""
        known = self.current
        if known is not None and known.status in UNFINISHED:
            raise GoalError("there is an unfinished goal in this thread already")
        goal = goals.changed(None, self._thread.id, now_s(), objective=objective, budget=budget)
        self._begun_here = True
        self._put(turn_id, goal)
        return goal

    def end(self, turn_id: str, status: ThreadGoalStatus) -> ThreadGoal:
        """Raises GoalError."""
        goal = goals.changed(self.current, self._thread.id, now_s(), status=status)
        self._ended_here = True
        self._put(turn_id, goal)
        return goal

    # -- by the turns

    def turn_began(self) -> None:
        self._since = time.monotonic()
        self._begun_here = self._ended_here = False

    def count(self, turn_id: str, usage: Usage) -> None:
        """A response belongs to the goal unless it made it; the one that ends it still does."""
        now, goal = time.monotonic(), self.current
        seconds, self._since = now - self._since, now
        counts = goal is not None and not self._begun_here and (goal.status == "active" or self._ended_here)
        self._begun_here = self._ended_here = False
        if goal is None or not counts:
            return
        whole, self._seconds = divmod(self._seconds + seconds, 1)
        after = goals.counted(goal, usage, int(whole), now_s())
        if after.status != goal.status:
            self._put(turn_id, after)
            if self._thread.turns.active is not None:
                self._thread.turns.active.whisper(message("user", goals.used_up(after)))
            return
        self._stored.count(after)
        self._thread.events.goal_updated(turn_id, after)

    def turn_ended(self, turn_id: str, error: TurnError | None) -> None:
        """What the turn has used is kept for good; a failure stops the work."""
        goal = self.goes_on
        if goal is not None and error is not None:
            self._put(turn_id, goals.after_failure(goal, error, now_s()))
        elif goal is not None:
            self._stored.put(goal)

    def _put(self, turn_id: str, goal: ThreadGoal) -> None:
        self._stored.put(goal)
        self._thread.events.goal_updated(turn_id, goal)
