"""Frames of one event loop tick leave in one write; bounded for those who wait."""

from __future__ import annotations

import asyncio

from spindled.transport.base import HIGH_WATER, Transport

__all__ = ["Outbox"]


class Outbox:
    """`put` never waits and keeps order; a producer of much awaits `wait_writable` between puts."""

    def __init__(self, transport: Transport, high: int = HIGH_WATER) -> None:
        self._transport = transport
        self._high = high
        self._loop = asyncio.get_running_loop()
        self._frames: list[bytes] = []
        self._size = 0

    @property
    def pending(self) -> int:
        """Bytes that the other side has not taken."""
        return self._size + self._transport.pending

    def put(self, frame: bytes) -> None:
        if not self._frames:
            self._loop.call_soon(self.flush)
        self._frames.append(frame)
        self._size += len(frame)

    def flush(self) -> None:
        """Hand everything to the transport now."""
        if frames := self._frames:
            self._frames = []
            self._size = 0
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    async def wait_writable(self) -> None:
        """Return at once below the bound; above it, when the other side has read (or gone)."""
        while self._size + self._transport.pending > self._high:
            self.flush()
            await self._transport.drain()

    async def close(self) -> None:
        """Return when everything has been taken by the other side, or it is gone."""
        self.flush()
        await self._transport.flush()
