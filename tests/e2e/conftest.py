"""The same daemon over every transport."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.conftest import Listen, Spawn
from tests.support.client import Client


@pytest_asyncio.fixture(params=["stdio", "unix", "ws"])
async def client(request: pytest.FixtureRequest, spawn: Spawn, listen: Listen) -> Client:
    """A client that has not shaken hands yet."""
    if request.param == "stdio":
        return await spawn("-c", "model_provider=scripted")
    return await (await listen(request.param)).connect()
