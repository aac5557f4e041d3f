from __future__ import annotations

import asyncio
import gc

import pytest

from spindled.faces.warming import load, load_in_turn


async def test_the_loop_goes_on_between_two_pieces() -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    order: list[str] = []

    def piece(name: str) -> None:
        order.append(name)
        loop.call_soon(order.append, f"after {name}")

    load_in_turn([lambda: piece("one"), lambda: piece("two"), done.set])
    assert order == []
    await done.wait()
    assert order == ["one", "after one", "two", "after two"]


async def test_a_piece_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()

    def broken() -> None:
        raise ValueError("broken")

    load_in_turn([broken, done.set])
    await done.wait()
    assert "cannot be opened" in caplog.text


def test_nothing_is_collected_meanwhile() -> None:
    collecting: list[bool] = []
    load(lambda: collecting.append(gc.isenabled()))
    assert collecting == [False]
    assert gc.isenabled()
    gc.unfreeze()
