from __future__ import annotations

import asyncio

from spindled.faces.sockets.idle import until_idle

SECONDS = 0.01


class Worker:
    busy = False


async def has_ended(waiting: asyncio.Task[None]) -> bool:
    """Given time to look around several times."""
    done, _ = await asyncio.wait([waiting], timeout=20 * SECONDS)
    return bool(done)


async def test_somebody_who_is_there_and_something_that_runs_keep_it_up() -> None:
    clients: set[int] = {1}
    worker = Worker()
    waiting = asyncio.create_task(until_idle(clients, worker, SECONDS))
    assert not await has_ended(waiting)
    worker.busy = True
    clients.clear()
    assert not await has_ended(waiting)
    worker.busy = False
    await asyncio.wait_for(waiting, 10)
