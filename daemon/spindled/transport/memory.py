"""Two connected transports within one process: for embedding, and for tests without a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from spindled.transport.base import LOW_WATER, MAX_LINE, Line
from spindled.transport.lines import LineSplitter

__all__ = ["MemoryTransport", "memory_pair"]


class Pipe:
    """One direction: bytes wait here until the reader takes all of them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.closed = False
        self._waiters: list[asyncio.Future[None]] = []

    def changed(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def change(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def close(self) -> None:
        self.closed = True
        self.changed()


class MemoryTransport:
    """One end: reads `incoming`, writes `outgoing`."""

    def __init__(self, incoming: Pipe, outgoing: Pipe, limit: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._limit = limit

    @property
    def pending(self) -> int:
        return len(self._outgoing.data)

    async def frames(self) -> AsyncIterator[list[Line]]:
        splitter, pipe = LineSplitter(self._limit), self._incoming
        while pipe.data or not pipe.closed:
            if not pipe.data:
                await pipe.change()
                continue
            chunk = bytes(pipe.data)
            pipe.data.clear()
            pipe.changed()
            if lines := splitter.feed(chunk):
                yield lines
        if lines := splitter.finish():
            yield lines

    def write(self, data: bytes) -> None:
        if not self._outgoing.closed:
            self._outgoing.data += data
            self._outgoing.changed()

    async def drain(self) -> None:
        await self._wait_below(LOW_WATER)

    async def flush(self) -> None:
        await self._wait_below(0)

    async def _wait_below(self, bound: int) -> None:
        while self.pending > bound and not self._outgoing.closed:
            await self._outgoing.change()

    def close(self) -> None:
        self._incoming.data.clear()
        self._incoming.close()
        self._outgoing.close()


def memory_pair(limit: int = MAX_LINE) -> tuple[MemoryTransport, MemoryTransport]:
    """Two ends of one connection; `limit` as for `LineSplitter`."""
    there, back = Pipe(), Pipe()
    return MemoryTransport(there, back, limit), MemoryTransport(back, there, limit)
