"""The latest events of the loaded threads, numbered, for clients that come back and ask for what they missed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

__all__ = ["MOST_OF_ALL", "MOST_OF_ONE", "EventLog", "Events", "first_of_reloaded"]

MOST_OF_ONE = 4 << 20
"""Bytes of events that are kept of one thread."""

MOST_OF_ALL = 32 << 20
"""Bytes of events that are kept of all threads; those of the thread that was silent the longest go first."""

OVERHEAD = 64  # of a frame in memory, about


class Events:
    """What the logs of all threads hold together."""

    def __init__(self, bound: int = MOST_OF_ALL) -> None:
        self.size = 0
        self._bound = bound
        self._logs: dict[EventLog, None] = {}  # the one that was silent the longest comes first
        self._latest: EventLog | None = None

    def added(self, log: EventLog, size: int) -> None:
        self.size += size
        if log is not self._latest:
            self._latest = log
            self._logs.pop(log, None)
            self._logs[log] = None
        while self.size > self._bound:
            oldest = next(iter(self._logs))
            self.size -= oldest.forget_one()
            if not oldest.size:
                self._remove(oldest)

    def removed(self, log: EventLog) -> None:
        if log in self._logs:
            self._remove(log)
            self.size -= log.size

    def _remove(self, log: EventLog) -> None:
        del self._logs[log]
        if log is self._latest:
            self._latest = None


class EventLog:
    """One thread's. Numbers rise by one with each event, and never return in a later life of the thread."""

    def __init__(self, events: Events, first: int = 1, bound: int = MOST_OF_ONE) -> None:
        self.last = first - 1
        self.size = 0
        self._events = events
        self._bound = bound
        self._frames: deque[tuple[str, bytes]] = deque()

    def add(self, method: str, frame: bytes) -> None:
        """The next event; its number is the last one's and one."""
        self.last += 1
        self._frames.append((method, frame))
        size = len(frame) + OVERHEAD
        self.size += size
        self._events.added(self, size)
        while self.size > self._bound:
            self._events.size -= self.forget_one()

    def has_all_since(self, seq: int) -> bool:
        """Whether every event after this number is still here, and the number is one of this life of the thread."""
        return self.last - len(self._frames) <= seq <= self.last

    def since(self, seq: int) -> Iterable[tuple[int, str, bytes]]:
        """Number, method and frame of the events after this number that are still here."""
        first = self.last - len(self._frames) + 1
        for number, (method, frame) in enumerate(tuple(self._frames), first):
            if number > seq:
                yield number, method, frame

    def forget_one(self) -> int:
        """Drop the oldest; its size."""
        _, frame = self._frames.popleft()
        size = len(frame) + OVERHEAD
        self.size -= size
        return size

    def close(self) -> None:
        self._events.removed(self)


def first_of_reloaded() -> int:
    """Greater than any number that the thread had before: microseconds, of which an event takes more than one."""
    return time.time_ns() // 1000
