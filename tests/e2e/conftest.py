"""The same daemon over every transport."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.conftest import Listen, Spawn, SpawnLanguage
from tests.support.client import Client

LANGUAGE = {"lsp": "lsp", "sniffed": "sniffed", "lsp-tcp": "tcp", "lsp-pipe": "pipe", "lsp-ws": "ws"}
"""With Content-Length headers; the websocket has none."""


@pytest_asyncio.fixture(params=["stdio", "unix", "ws", *LANGUAGE])
async def client(request: pytest.FixtureRequest, spawn: Spawn, listen: Listen, language: SpawnLanguage) -> Client:
    """A client that has not shaken hands yet."""
    if request.param in LANGUAGE:
        return await language(LANGUAGE[request.param])
    if request.param == "stdio":
        return await spawn("-c", "model_provider=scripted")
    return await (await listen(request.param)).connect()
