"""Real descriptors: pipes, sockets and files."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spindled.transport.base import LOW_WATER, Line
from spindled.transport.stdio import StdioTransport, open_sink


class Far:
    """The other side of a transport, over `kind`: two pipes or one socket."""

    def __init__(self, kind: str) -> None:
        if kind == "pipes":
            ours_in, self._writes = os.pipe()
            self._reads, ours_out = os.pipe()
        else:
            ours, theirs = socket.socketpair()
            ours_in, ours_out = os.dup(ours.fileno()), ours.detach()
            self._reads = self._writes = theirs.detach()
        self.transport = StdioTransport(ours_in, ours_out)

    def write(self, data: bytes) -> None:
        os.write(self._writes, data)

    async def read(self, size: int) -> bytes:
        """Exactly `size` bytes, read in a thread."""

        def exactly() -> bytes:
            data = bytearray()
            while len(data) < size and (chunk := os.read(self._reads, size - len(data))):
                data += chunk
            return bytes(data)

        return await asyncio.to_thread(exactly)

    def end_input(self) -> None:
        if self._writes == self._reads:
            with socket.socket(fileno=os.dup(self._writes)) as connection:
                connection.shutdown(socket.SHUT_WR)
        else:
            os.close(self._writes)
            self._writes = -1

    def stop_reading(self) -> None:
        if self._writes == self._reads:
            self._writes = -1
        os.close(self._reads)
        self._reads = -1

    def close(self) -> None:
        self.transport.close()
        for fd in {self._reads, self._writes} - {-1}:
            os.close(fd)


@pytest.fixture(params=["pipes", "socket"])
async def far(request: pytest.FixtureRequest) -> AsyncIterator[Far]:
    far = Far(request.param)
    yield far
    far.close()


async def all_lines(transport: StdioTransport) -> list[Line]:
    return [line async for lines in transport.frames() for line in lines]


async def test_lines_arrive_and_the_end_too(far: Far) -> None:
    far.write(b'{"a":1}\n{"b"')
    reading = asyncio.create_task(all_lines(far.transport))
    await asyncio.sleep(0)
    far.write(b":2}\r\n\nlast")
    far.end_input()
    assert await reading == [b'{"a":1}', b'{"b":2}', b"last"]


async def test_a_slow_reader_holds_the_producer_not_the_data(far: Far) -> None:
    data = os.urandom(4 << 20)
    far.transport.write(data)
    assert far.transport.pending > LOW_WATER
    draining = asyncio.create_task(far.transport.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    far.transport.write(b"end")
    assert await far.read(len(data) + 3) == data + b"end"
    await draining
    await far.transport.flush()
    assert far.transport.pending == 0


async def test_a_reader_that_went_away_ends_the_transport(far: Far) -> None:
    far.transport.write(b"x" * (4 << 20))
    waiting = asyncio.create_task(far.transport.flush())
    reading = asyncio.create_task(all_lines(far.transport))
    await asyncio.sleep(0)
    far.stop_reading()
    await waiting
    assert await reading == []
    far.transport.write(b"more")
    assert far.transport.pending == 0


async def test_closing_ends_the_frames(far: Far) -> None:
    reading = asyncio.create_task(all_lines(far.transport))
    await asyncio.sleep(0)
    far.transport.close()
    assert await reading == []
    far.transport.close()


async def test_files(tmp_path: Path) -> None:
    lines = [b'{"id":%d}' % n for n in range(100_000)]
    (tmp_path / "in").write_bytes(b"\n".join(lines))
    transport = StdioTransport(
        os.open(tmp_path / "in", os.O_RDONLY), os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    )
    assert await all_lines(transport) == lines
    transport.write(b"answer\n")
    await transport.flush()
    transport.close()
    assert (tmp_path / "out").read_bytes() == b"answer\n"


async def test_null_devices() -> None:
    transport = StdioTransport(os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))
    assert await all_lines(transport) == []
    transport.write(b"x" * 100_000)
    assert transport.pending == 0
    transport.close()


async def test_the_description_that_we_share_stays_blocking() -> None:
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    shared = os.dup(ours_out)  # as stderr is, under 2>&1
    transport = StdioTransport(ours_in, ours_out)
    transport.write(b"x" * (1 << 20))
    assert os.get_blocking(shared)
    assert os.get_blocking(ours_in)
    transport.close()
    for fd in (shared, theirs_in, theirs_out):
        os.close(fd)


def test_a_pipe_that_cannot_be_opened_anew_never_blocks() -> None:
    theirs, ours = os.pipe()
    sink = open_sink(ours)
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += sink.send(memoryview(b"x" * 100_000))
    assert os.read(theirs, 1 << 20) == b"x" * sent
    sink.close()
    os.close(theirs)
