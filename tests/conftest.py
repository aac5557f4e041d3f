"""Fixtures for tests of a running daemon: its home, and clients that are gone when the test is.

Property tests try the same examples in every run, so that a change is judged by the change. To look for new ones:
`HYPOTHESIS_PROFILE=explore pytest tests/unit`; what it finds belongs into the test as an `@example`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.support.client import Client
from tests.support.home import Home, daemon_command, language_command
from tests.support.language import LanguageClient
from tests.support.sockets import Daemon

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

Spawn = Callable[..., Awaitable[Client]]
Listen = Callable[..., Awaitable[Daemon]]
SpawnLanguage = Callable[..., Awaitable[LanguageClient]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home and workspace; `home.write_config(base_url)` names a provider."""
    return Home.create(tmp_path)


@pytest_asyncio.fixture
async def spawn(home: Home) -> AsyncIterator[Spawn]:
    """`await spawn(*arguments, env=...)`: a client of a new daemon on `home`; its messages are checked."""
    from tests.support.schema import checker

    clients: list[Client] = []
    check = checker()

    async def start(*arguments: str, env: dict[str, str] | None = None, check_messages: bool = True) -> Client:
        environment = home.environment(**(env or {}))
        command = daemon_command(*arguments)
        client = await Client.start(
            command, env=environment, cwd=home.workspace, check=check if check_messages else None
        )
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.kill()
        assert not client.faults, client.tail()


@pytest_asyncio.fixture
async def scripted(spawn: Spawn) -> Client:
    """An initialized client of a daemon whose model is the scripted one (docs/scripted-model.md)."""
    client = await spawn("-c", "model_provider=scripted")
    await client.initialize()
    return client


@pytest_asyncio.fixture
async def language(home: Home, short_path: Path) -> AsyncIterator[SpawnLanguage]:
    """`await language("lsp", *arguments, env=...)`: a language client, not initialized, of a daemon of its own.

    Also "sniffed", an app-server that finds out by itself, and "tcp", "pipe", "ws".
    """
    from tests.support.language import WebSocketLanguageClient
    from tests.support.schema import checker

    clients: list[LanguageClient] = []
    where = {"tcp": ("--tcp", "0"), "pipe": ("--pipe", str(short_path / "s")), "ws": ("--ws", "0")}

    async def start(kind: str = "lsp", *arguments: str, env: dict[str, str] | None = None) -> LanguageClient:
        arguments = (*where.get(kind, ()), "-c", "model_provider=scripted", *arguments)
        command = daemon_command(*arguments) if kind == "sniffed" else language_command(*arguments)
        made = WebSocketLanguageClient if kind == "ws" else LanguageClient
        begin = made.connected if kind in where else made.start
        client = await begin(command, env=home.environment(**(env or {})), cwd=home.workspace, check=checker())
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.kill()
        assert not client.faults, client.tail()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose sockets have paths that the system takes."""
    with tempfile.TemporaryDirectory(prefix="sk-", dir="/tmp") as folder:
        yield Path(folder)


@pytest_asyncio.fixture
async def listen(home: Home, short_path: Path) -> AsyncIterator[Listen]:
    """`await listen("unix" or "ws" or an address, *arguments, env=...)`: a daemon that many can talk to."""
    from tests.support.schema import checker

    daemons: list[Daemon] = []
    addresses = {"unix": f"unix://{short_path}/s", "ws": "ws://127.0.0.1:0"}

    async def start(
        kind: str, *arguments: str, env: dict[str, str] | None = None, provider: str = "scripted"
    ) -> Daemon:
        command = daemon_command("--listen", addresses.get(kind, kind), "-c", f"model_provider={provider}", *arguments)
        daemon = await Daemon.start(command, env=home.environment(**(env or {})), cwd=home.workspace, check=checker())
        daemons.append(daemon)
        return daemon

    yield start
    for daemon in daemons:
        await daemon.kill()
        assert not [fault for client in daemon.clients for fault in client.faults], daemon.stderr
