"""The two ends of a pair."""

from __future__ import annotations

import asyncio

from spindled.transport.memory import memory_pair


async def test_both_directions_and_the_end() -> None:
    here, there = memory_pair()
    here.write(b"one\ntw")
    here.write(b"o\n")
    frames = there.frames()
    assert await anext(frames) == [b"one", b"two"]
    there.write(b"back\n")
    assert await anext(here.frames()) == [b"back"]
    here.close()
    assert [lines async for lines in frames] == []


async def test_what_is_not_read_is_pending() -> None:
    here, there = memory_pair()
    here.write(b"x" * (1 << 20) + b"\n")
    assert here.pending == (1 << 20) + 1
    flushing = asyncio.create_task(here.flush())
    await asyncio.sleep(0)
    assert not flushing.done()
    await anext(there.frames())
    await flushing
    assert here.pending == 0


async def test_a_long_line_is_none() -> None:
    here, there = memory_pair(limit=4)
    here.write(b"12345\n1234\n")
    assert await anext(there.frames()) == [None, b"1234"]
