"""What threads work towards, turn after turn.

What a running turn has used is in the index only; a goal that is set, cleared, ended or left by a turn is in the log.
"""

from __future__ import annotations

from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Table
from spindled_protocol.types import ThreadGoal

GOALS = Table("goals", ThreadGoal, ("threadId",))


class Goals:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def of(self, thread_id: str) -> ThreadGoal | None:
        return self._shelf.find(GOALS, thread_id)

    def put(self, goal: ThreadGoal) -> None:
        self._shelf.change(GOALS.put(goal))

    def count(self, goal: ThreadGoal) -> None:
        """Only what it has used is new."""
        self._shelf.note(GOALS.put(goal))

    def clear(self, thread_id: str) -> bool:
        """False if there was none."""
        if self.of(thread_id) is None:
            return False
        self._shelf.change(GOALS.drop(thread_id))
        return True
