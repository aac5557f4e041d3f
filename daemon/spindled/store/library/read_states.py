"""What a user has read of a thread: up to the first turn that is new.

Its revision changes with every turn and is in the index only: after the loss of the index it is another one, which a
client finds out as it does when somebody else has read the thread.
"""

from __future__ import annotations

import uuid

from msgspec import Struct

from spindled.store.library.errors import LibraryError
from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Table
from spindled_protocol.types import (
    ThreadReadState,
    ThreadStartThreadUnreadPosition,
    ThreadUnreadPosition,
    TurnThreadUnreadPosition,
)

START = ""


class Reading(Struct, kw_only=True):
    thread_id: str
    revision: str
    unread_from: str | None = None
    """A turn, or START; None: all is read."""

    def to_wire(self) -> ThreadReadState:
        position: ThreadUnreadPosition | None = None
        if self.unread_from == START:
            position = ThreadStartThreadUnreadPosition()
        elif self.unread_from is not None:
            position = TurnThreadUnreadPosition(turnId=self.unread_from)
        return ThreadReadState(firstUnread=position, revision=self.revision)


READINGS = Table("read_states", Reading, ("thread_id",))


class ReadStateConflict(LibraryError):
    """The state is another than the client has seen."""

    def __init__(self, current: Reading) -> None:
        super().__init__("read state changed")
        self.current = current


class ReadStates:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def of(self, thread_id: str) -> Reading | None:
        return self._shelf.find(READINGS, thread_id)

    def of_all(self, thread_ids: list[str]) -> dict[str, ThreadReadState]:
        found = self._shelf.among(READINGS, "thread_id", thread_ids)
        return {reading.thread_id: reading.to_wire() for reading in found}

    def turn_ended(self, thread_id: str, turn_id: str) -> Reading:
        """There is something new."""
        known = self.of(thread_id)
        unread = turn_id if known is None or known.unread_from is None else known.unread_from
        reading = Reading(thread_id=thread_id, revision=str(uuid.uuid4()), unread_from=unread)
        if known is None or known.unread_from != unread:
            self._shelf.change(READINGS.put(reading))
        else:
            self._shelf.note(READINGS.put(reading))
        return reading

    def update(self, thread_id: str, *, read: bool, revision: str) -> Reading:
        """All is read, or nothing is. Raises ReadStateConflict, and LibraryError for a thread without a turn."""
        known = self.of(thread_id)
        if known is None:
            raise LibraryError("thread read state unavailable")
        if known.revision != revision:
            raise ReadStateConflict(known)
        reading = Reading(thread_id=thread_id, revision=str(uuid.uuid4()), unread_from=None if read else START)
        self._shelf.change(READINGS.put(reading))
        return reading
