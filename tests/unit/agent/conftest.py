from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.unit.agent.world import FakeTool, ScriptedModel, Step, World

NewWorld = Callable[..., World]


@pytest_asyncio.fixture
async def new_world(tmp_path: Path) -> AsyncIterator[NewWorld]:
    """`new_world(attempt, attempt, tools=[...], **settings)`; its thread is closed with the test."""
    made: list[World] = []

    def make(*attempts: list[Step], tools: list[FakeTool] | None = None, **options: Any) -> World:
        world = World(tmp_path, ScriptedModel(*attempts), tools or [], **options)
        made.append(world)
        return world

    yield make
    for world in made:
        await world.thread.close()
        assert world.thread.turns.active is None
