"""Messages over a pair of descriptors: pipes, sockets, terminals or files."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import stat
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import NamedTuple

from spindled.transport.base import LOW_WATER, MAX_LINE, Line
from spindled.transport.descriptors import nonblocking_writer
from spindled.transport.framing import LINES, Framing

__all__ = ["StdioTransport", "open_sink"]

READ_SIZE = 1 << 18
WRITE_SIZE = 1 << 18

log = logging.getLogger(__name__)


class StdioTransport:
    """Owns both descriptors. Must be created within a running loop. `already`: input that was read before.

    `framing` may be chosen until `frames` is iterated.
    """

    def __init__(
        self, read_fd: int, write_fd: int, limit: int = MAX_LINE, already: bytes = b"", framing: Framing = LINES
    ) -> None:
        self.framing = framing
        self._reader = Reader(read_fd, already)
        self._writer = Writer(write_fd, self._reader.end)
        self._limit = limit

    async def first_bytes(self) -> bytes:
        """What is to be read first, left to be read; empty at the end of input."""
        return await self._reader.peek()

    @property
    def pending(self) -> int:
        return len(self._writer.buffer)

    async def frames(self) -> AsyncIterator[list[Line]]:
        splitter = self.framing.splitter(self._limit)
        while chunk := await self._reader.read():
            if lines := splitter.feed(chunk):
                yield lines
        if lines := splitter.finish():
            yield lines

    def write(self, data: bytes) -> None:
        self._writer.write(self.framing.wrap(data))

    async def drain(self) -> None:
        await self._writer.wait_below(LOW_WATER)

    async def flush(self) -> None:
        await self._writer.wait_below(0)

    def close(self) -> None:
        self._writer.close()
        self._reader.close()


class Reader:
    """Reads when the descriptor is readable, at most one chunk ahead of its consumer.

    Such a read never blocks, as nobody else reads our input; so the descriptor keeps the flags that it came with.
    """

    def __init__(self, fd: int, already: bytes = b"") -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._chunk: bytes | None = already or None
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._watching = False
        self._pollable = True

    async def read(self) -> bytes:
        """The next bytes; empty at the end of input."""
        chunk = await self.peek()
        self._chunk = None
        return chunk

    async def peek(self) -> bytes:
        """As `read`, but they stay."""
        while self._chunk is None and not self._ended:
            if not self._watch():
                await asyncio.sleep(0)
                self._take()
                continue
            self._waiter = self._loop.create_future()
            await self._waiter
        return self._chunk or b""

    def end(self) -> None:
        """Behave as at the end of input."""
        self._ended = True
        self._unwatch()
        self._wake()

    def close(self) -> None:
        self.end()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _watch(self) -> bool:
        """False if the descriptor (a file) is always ready."""
        if self._pollable and not self._watching:
            try:
                self._loop.add_reader(self._fd, self._take)
                self._watching = True
            except PermissionError:
                self._pollable = False
        return self._pollable

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._fd)

    def _take(self) -> None:
        if self._chunk is not None:
            return self._unwatch()  # the consumer is behind; it watches again when it comes
        try:
            chunk = os.read(self._fd, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:  # a terminal that hung up, a connection reset
            log.info("input ended: %s", error.strerror)
            chunk = b""
        if not chunk:
            return self.end()
        self._chunk = chunk
        return self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Writer:
    """Writes at once what the system takes, keeps the rest and goes on when the descriptor is writable."""

    def __init__(self, fd: int, on_gone: Callable[[], None]) -> None:
        self._fd = nonblocking_writer(fd)
        self._sink = open_sink(self._fd)
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._watching = False
        self._gone = False
        self.buffer = bytearray()

    def write(self, data: bytes) -> None:
        if self._gone:
            return
        if self.buffer:
            self.buffer += data
            return
        sent = self._try(data)
        if sent < len(data) and not self._gone:
            self.buffer += memoryview(data)[sent:]
            self._loop.add_writer(self._fd, self._resume)
            self._watching = True

    async def wait_below(self, bound: int) -> None:
        while len(self.buffer) > bound:
            waiter = self._loop.create_future()
            self._waiters.append((bound, waiter))
            await waiter

    def close(self) -> None:
        if not self._gone:
            self._gone = True
            self._unwatch()
            self.buffer = bytearray()
            self._wake()
            self._sink.close()

    def _try(self, data: bytes | bytearray) -> int:
        """Bytes that were taken."""
        sent = 0
        try:
            with memoryview(data) as view:
                while sent < len(data):
                    with view[sent : sent + WRITE_SIZE] as part:  # a part that outlives this pins the buffer's size
                        sent += self._sink.send(part)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            log.info("output closed: %s", error.strerror)
            self.close()
            self._on_gone()
        return sent

    def _resume(self) -> None:
        sent = self._try(self.buffer)
        if self._gone:
            return
        del self.buffer[:sent]
        if not self.buffer:
            self._unwatch()
        self._wake()

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_writer(self._fd)

    def _wake(self) -> None:
        size, waiting = len(self.buffer), []
        for bound, waiter in self._waiters:
            if waiter.done():
                continue
            if size <= bound:
                waiter.set_result(None)
            else:
                waiting.append((bound, waiter))
        self._waiters = waiting


class Sink(NamedTuple):
    """`send` raises BlockingIOError instead of blocking."""

    send: Callable[[memoryview], int]
    close: Callable[[], None]


def open_sink(fd: int) -> Sink:
    """The way to write to `fd` that never blocks; closing the sink closes `fd`."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISSOCK(mode):
        connection = socket.socket(fileno=fd)
        return Sink(lambda data: connection.send(data, socket.MSG_DONTWAIT), connection.close)
    close = partial(os.close, fd)
    if not os.get_blocking(fd) or stat.S_ISREG(mode):
        return Sink(partial(os.write, fd), close)
    poll = select.poll()
    poll.register(fd, select.POLLOUT)

    def send(data: memoryview) -> int:
        if not poll.poll(0):
            raise BlockingIOError
        with data[: select.PIPE_BUF] as part:  # what a ready pipe takes without blocking
            return os.write(fd, part)

    return Sink(send, close)
