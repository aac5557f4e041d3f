"""One write per tick, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from spindled.rpc.outbox import MERGE_ABOVE, Outbox, Piece
from spindled.transport.base import LOW_WATER
from spindled.transport.memory import MemoryTransport, memory_pair


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


class Part:
    """A Piece: a line `item text`, whose neighbours of the same item may become one."""

    def __init__(self, item: str, text: str) -> None:
        self.item, self.text = item, text

    @property
    def frame(self) -> bytes:
        return f"{self.item} {self.text}\n".encode()

    def follows(self, before: Piece) -> bool:
        return isinstance(before, Part) and before.item == self.item

    def merged(self, pieces: Sequence[Piece]) -> bytes:
        return Part(self.item, "".join(piece.text for piece in pieces if isinstance(piece, Part))).frame


def folded(lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """(item, text) with adjacent ones of one item joined."""
    result: list[tuple[bytes, bytes]] = []
    for line in lines:
        item, _, text = line.partition(b" ")
        if result and result[-1][0] == item:
            result[-1] = (item, result[-1][1] + text)
        else:
            result.append((item, text))
    return result


async def everything(near: MemoryTransport, far: MemoryTransport, outbox: Outbox) -> list[bytes]:
    """The lines that were put, and nothing waits any more."""
    lines: list[bytes] = []
    closing = asyncio.create_task(outbox.close())
    reading = far.frames()
    while not closing.done() or near.pending:
        if near.pending:
            lines += [line for line in await anext(reading) if line is not None]
        else:
            await asyncio.sleep(0)
    return lines


texts = st.tuples(st.sampled_from("abc"), st.integers(0, 30_000), st.booleans())


@given(st.lists(texts, max_size=60))
def test_merged_or_not_nothing_is_lost_doubled_or_reordered(sent: list[tuple[str, int, bool]]) -> None:
    async def run() -> tuple[list[bytes], list[bytes]]:
        near, far = memory_pair()
        outbox, expected = Outbox(near), []
        for number, (item, size, mergeable) in enumerate(sent):
            part = Part(item if mergeable else f"{item}{number}", f"{number}," + "x" * size)
            outbox.put(part.frame, part if mergeable else None)
            expected.append(part.frame[:-1])
            if size % 3 == 0:
                outbox.flush()
        lines = await everything(near, far, outbox)
        assert outbox.pending == 0
        return lines, expected

    lines, expected = asyncio.run(run())
    assert folded(lines) == folded(expected)
    assert all(len(line) < 64 << 10 for line in lines)


async def test_a_slow_client_gets_fewer_frames_and_one_that_reads_all() -> None:
    near, far = memory_pair()
    outbox = Outbox(near)
    for _ in range(100):
        outbox.put(Part("a", "x").frame, Part("a", "x"))
    outbox.flush()
    assert len(await anext(far.frames()) or []) == 100
    near.write(b"y" * (LOW_WATER + 1))
    for _ in range(100_000):
        outbox.put(Part("a", "xyz").frame, Part("a", "xyz"))
    waiting = outbox.pending
    assert waiting > MERGE_ABOVE
    assert len(await everything(near, far, outbox)) < 100_000 / 2


async def test_what_was_asked_for_does_not_count_as_being_behind() -> None:
    near, far = memory_pair()
    outbox = Outbox(near)
    near.write(b"y" * (LOW_WATER + 1) + b"\n")
    outbox.put(b"a" * 1_000_000 + b"\n", asked_for=True)
    assert outbox.behind == 0
    outbox.put(b"b" * 999 + b"\n")
    assert outbox.behind == 1000
    reading = far.frames()
    while outbox.pending:
        await anext(reading)
        await asyncio.sleep(0)
    assert outbox.behind == 0


async def test_what_is_abandoned_is_gone_and_stays_so() -> None:
    near, _ = memory_pair()
    outbox = Outbox(near)
    near.write(b"y" * (LOW_WATER + 1))
    outbox.put(b"a\n")
    outbox.flush()
    outbox.abandon()
    outbox.put(b"b\n")
    assert outbox.pending == near.pending
    near.close()
    await outbox.close()
