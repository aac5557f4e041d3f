"""What waits for a client: whole frames, in order, in as few bytes as they can be told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from spindled.transport.base import HIGH_WATER, LOW_WATER, Transport

__all__ = ["MOST_BEHIND", "Outbox", "Piece"]

MOST_BEHIND = 4 << 20
"""Bytes of notifications that wait for a client from which on it is too slow for those who share what it follows."""

MERGE_ABOVE = 1 << 17
"""Waiting bytes above which pieces are merged: a client that reads gets each piece on its own."""

LARGEST_MERGED = 48 << 10
"""Bytes of a merged frame at most; some clients stop at lines of 64 KiB."""

CHUNK = 1 << 18


class Piece(Protocol):
    """What a frame tells, if it is a part of a text whose parts may be told in one frame."""

    def follows(self, before: Piece) -> bool:
        """Whether both can go into one frame."""

    def merged(self, pieces: Sequence[Piece]) -> bytes:
        """The frame of these pieces, of which this is the last."""


class Run:
    """Adjacent pieces that will be one frame."""

    def __init__(self, frame: bytes, piece: Piece) -> None:
        self.size = len(frame)
        self._frame = frame
        self._pieces = [piece]

    def take(self, frame: bytes, piece: Piece) -> bool:
        if self.size + len(frame) > LARGEST_MERGED or not piece.follows(self._pieces[-1]):
            return False
        self.size += len(frame)
        self._pieces.append(piece)
        return True

    def frame(self) -> bytes:
        return self._frame if len(self._pieces) == 1 else self._pieces[-1].merged(self._pieces)


class Outbox:
    """`put` never waits and keeps order; a producer of much awaits `wait_writable` between puts.

    Frames of one tick of the loop leave in one write. What the transport does not take at once stays here, where
    adjacent pieces are merged.
    """

    def __init__(self, transport: Transport, high: int = HIGH_WATER) -> None:
        self._transport = transport
        self._high = high
        self._loop = asyncio.get_running_loop()
        self._frames: deque[bytes] = deque()
        self._run: Run | None = None
        self._size = 0
        self._asked_for = 0
        self._flushing = False
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pending(self) -> int:
        """Bytes that the other side has not taken."""
        return self._size + self._transport.pending

    @property
    def full(self) -> bool:
        """Whether a producer is to wait."""
        return self._size + self._transport.pending > self._high

    @property
    def behind(self) -> int:
        """Bytes that wait here and were not asked for."""
        return self._size - self._asked_for

    def put(self, frame: bytes, piece: Piece | None = None, *, asked_for: bool = False) -> None:
        if self._closed:
            return
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self.flush)
        self._size += len(frame)
        if asked_for:
            self._asked_for += len(frame)
        if self._run is not None:
            if piece is not None and self._run.take(frame, piece):
                return
            self._end_run()
        if piece is not None and self._size > MERGE_ABOVE:
            self._run = Run(frame, piece)
        else:
            self._frames.append(frame)

    def flush(self) -> None:
        """Hand to the transport what it takes now; the rest follows as the other side reads."""
        self._flushing = False
        while (self._frames or self._run) and self._transport.pending <= LOW_WATER:
            self._transport.write(self._next_chunk())
        if self._frames or self._run:
            if self._pump is None:
                self._pump = self._loop.create_task(self._drain(), name="outbox")
        else:
            self._asked_for = 0

    async def wait_writable(self) -> None:
        """Return at once below the bound; above it, when the other side has read (or gone)."""
        while self.full:
            self.flush()
            await self._transport.drain()

    async def close(self) -> None:
        """Return when everything has been taken by the other side, or it is gone."""
        self.flush()
        if self._pump is not None:
            await asyncio.wait({self._pump})
        await self._transport.flush()

    def abandon(self) -> None:
        """Drop what waits, and whatever is put from now on. Idempotent."""
        self._closed = True
        self._frames.clear()
        self._run = None
        self._size = self._asked_for = 0
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    def _next_chunk(self) -> bytes:
        if not self._frames:
            self._end_run()
        parts, size = [], 0
        while self._frames and size < CHUNK:
            frame = self._frames.popleft()
            parts.append(frame)
            size += len(frame)
        self._size -= size
        self._asked_for = min(self._asked_for, self._size)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            frame = run.frame()
            self._size += len(frame) - run.size
            self._frames.append(frame)

    async def _drain(self) -> None:
        try:
            while self._frames or self._run:
                await self._transport.drain()
                self.flush()
        finally:
            self._pump = None
