"""A gateway in this process before a scripted provider, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
from msgspec.structs import replace

from spindled.api.settings.clients import ModelClients
from spindled.config.layers.load import load
from spindled.config.schema import Provider
from spindled.faces.gateway.guard import Guard
from spindled.faces.gateway.run import ProviderUpstream
from spindled.faces.gateway.server import Gateway
from tests.support.fake_provider import FakeProvider

Start = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        yield provider


@pytest_asyncio.fixture
async def start(fake: FakeProvider, tmp_path: Path) -> AsyncIterator[Start]:
    """`await start("chat", env_key=...)`: the base URL of a gateway for a provider with these settings."""
    clients = ModelClients()
    gateways: list[Gateway] = []

    async def open_gateway(wire_api: str, guard: Guard | None = None, **settings: Any) -> str:
        plain = Provider(id="fake", name="fake", base_url=fake.base_url, request_max_retries=0)
        provider = replace(plain, wire_api=wire_api, **settings)
        config = replace(load(tmp_path, environ={}), provider=provider)
        gateway = Gateway(ProviderUpstream(clients, config), wire_api, guard or Guard(None))
        gateways.append(gateway)
        return f"http://127.0.0.1:{await gateway.listen('127.0.0.1', 0)}/v1"

    yield open_gateway
    for gateway in gateways:
        await gateway.close()
    await clients.close()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
