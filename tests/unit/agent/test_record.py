from __future__ import annotations

import pytest

from spindled.store.errors import StoreError
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import completed, said


async def test_a_full_disk_is_told_once_and_costs_nothing(new_world: NewWorld) -> None:
    world = new_world()
    world.journal.broken = True
    turn = await world.run("kept in memory")
    assert turn["status"] == "completed"
    [warning] = world.followers.of("warning")
    assert "No space left on device" in warning["message"]
    assert world.journal.rows == []

    with pytest.raises(StoreError, match="No space"):  # the next turn does not begin while nothing can be kept
        world.start("refused")
    assert world.thread.turns.active is None

    world.journal.broken = False
    await world.run("again")
    assert world.journal.kinds.count("task_started") == world.journal.kinds.count("task_complete") == 2
    assert world.journal.waiting == []
    assert world.journal.kinds[0] == "task_started"  # in order, what waited first
    assert len(world.followers.of("warning")) == 1


async def test_a_disk_that_fills_up_again_is_told_again(new_world: NewWorld) -> None:
    world = new_world()
    for broken in (True, False, True):
        world.journal.broken = broken
        await world.run()
    assert len(world.followers.of("warning")) == 2


async def test_every_item_is_recorded_before_it_is_told(new_world: NewWorld) -> None:
    world = new_world([*said("m", "x"), completed(3)])
    recorded: list[int] = []
    publish = world.followers.publish

    def note(method: str, params: object) -> None:
        if method == "item/completed":
            recorded.append(world.journal.kinds.count("item_completed"))
        publish(method, params)

    world.followers.publish = note  # type: ignore[method-assign]
    await world.run()
    assert recorded == [1, 2]


async def test_a_thread_that_is_not_stored(new_world: NewWorld) -> None:
    world = new_world()
    world.thread.record.journal = None
    assert (await world.run())["status"] == "completed"
    assert world.journal.rows == []
    assert world.thread.snapshot().ephemeral
