"""One write per tick, in order."""

from __future__ import annotations

import asyncio

from spindled.rpc.outbox import Outbox
from spindled.transport.memory import memory_pair


async def test_frames_of_one_tick_are_one_write() -> None:
    near, far = memory_pair()
    outbox = Outbox(near)
    outbox.put(b"a\n")
    outbox.put(b"b\n")
    assert (near.pending, outbox.pending) == (0, 4)
    assert await anext(far.frames()) == [b"a", b"b"]
    assert outbox.pending == 0


async def test_waiting_ends_when_the_other_side_reads_or_goes() -> None:
    for leave in (False, True):
        near, far = memory_pair()
        outbox = Outbox(near, high=10)
        await outbox.wait_writable()
        outbox.put(b"x" * (1 << 20) + b"\n")
        waiting = [asyncio.create_task(outbox.wait_writable()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        if leave:
            far.close()
        else:
            await anext(far.frames())
        await asyncio.gather(*waiting)


async def test_closing_flushes() -> None:
    near, far = memory_pair()
    outbox = Outbox(near)
    outbox.put(b"last\n")
    closing = asyncio.create_task(outbox.close())
    assert await anext(far.frames()) == [b"last"]
    await closing
