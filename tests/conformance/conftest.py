"""A daemon, a scripted provider, and the two joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import Spawn
from tests.support.client import Client
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home

Launch = Callable[..., Awaitable[Client]]
Capture = Callable[[Client], list[dict[str, Any]]]


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as fake:
        yield fake


@pytest.fixture
def launch(home: Home, spawn: Spawn, provider: FakeProvider) -> Launch:
    """`await launch(sandbox_mode="read-only", ...)`: an initialized client of a daemon with that configuration."""

    async def start(**config: Any) -> Client:
        home.write_config(provider.base_url, **config)
        client = await spawn()
        await client.initialize()
        return client

    return start


@pytest_asyncio.fixture
async def client(launch: Launch) -> Client:
    return await launch()
