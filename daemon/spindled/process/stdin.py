"""The input of a child: queued without bound here, written as the child takes it."""

from __future__ import annotations

import asyncio
import os
from collections import deque

FEW = 256 * 1024  # bytes that may wait when more is asked for


class Input:
    """`owned`: the descriptor is closed with the input; a terminal's is shared with its output."""

    def __init__(self, descriptor: int, owned: bool) -> None:
        os.set_blocking(descriptor, False)
        self.waiting = 0  # bytes not taken yet
        self._descriptor: int | None = descriptor
        self._owned = owned
        self._queue: deque[memoryview] = deque()
        self._ending = False
        self._takers: list[asyncio.Future[None]] = []
        self._loop = asyncio.get_running_loop()

    @property
    def open(self) -> bool:
        return self._descriptor is not None and not self._ending

    def write(self, data: bytes) -> None:
        self._queue.append(memoryview(data))
        self.waiting += len(data)
        self._flush()

    async def taken(self) -> None:
        """Return once few bytes wait, or none will be taken any more."""
        while self._descriptor is not None and self.waiting > FEW:
            taker = self._loop.create_future()
            self._takers.append(taker)
            await taker

    def end(self) -> None:
        """Close once all is written."""
        self._ending = True
        self._flush()

    def close(self) -> None:
        self._queue.clear()
        self.waiting = 0
        if self._descriptor is not None:
            self._loop.remove_writer(self._descriptor)
            if self._owned:
                os.close(self._descriptor)
            self._descriptor = None
        self._wake()

    def _wake(self) -> None:
        takers, self._takers = self._takers, []
        for taker in takers:
            if not taker.done():
                taker.set_result(None)

    def _flush(self) -> None:
        if self._descriptor is None:
            return
        try:
            while self._queue:
                written = os.write(self._descriptor, self._queue[0])
                self.waiting -= written
                if written < len(self._queue[0]):
                    self._queue[0] = self._queue[0][written:]
                else:
                    self._queue.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._descriptor, self._flush)
            if self.waiting <= FEW:
                self._wake()
            return
        except OSError:  # the child closed its end
            self.close()
            return
        self._loop.remove_writer(self._descriptor)
        self._wake()
        if self._ending:
            self.close()
