"""Where a copy of a thread ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from spindled.store.errors import TurnNotFound
from spindled.store.replay.replay import started_turn
from spindled.store.rollout.scan import Record

Place = tuple[Path, Record]


class Cut(NamedTuple):
    """Only what is before a turn, only up to the end of a turn, only so many rows; None: no such limit."""

    before_turn: str | None = None
    last_turn: str | None = None
    rows: int | None = None

    def apply(self, places: Iterator[Place]) -> Iterator[Place]:
        """The rows before the cut; raises TurnNotFound after the last row if a turn that is named never began."""
        return places if self == Cut() else self._before(places)

    def _before(self, places: Iterator[Place]) -> Iterator[Place]:
        missing = {turn for turn in (self.before_turn, self.last_turn) if turn is not None}
        for count, place in enumerate(places):
            if count == self.rows:
                return
            turn = started_turn(place[1]) if missing or self.last_turn else None
            if turn is not None:
                if turn == self.before_turn or (self.last_turn and self.last_turn not in missing):
                    return
                missing.discard(turn)
            yield place
        if missing:
            raise TurnNotFound(missing.pop())
