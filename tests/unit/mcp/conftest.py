from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from spindled.config.mcp import McpServer
from spindled.mcp.connection import Connection
from spindled.mcp.credentials import Credentials
from spindled.mcp.launch import Launch, launch
from spindled.mcp.pool import Pool
from spindled.process.registry import kill_all

ROUGH = Path(__file__).parents[2] / "support" / "rough_mcp_server.py"


class Rough:
    """A rough server that may be launched, and what it has read, as it reads it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder / "read"
        os.mkfifo(self.log)
        self.read: list[dict[str, Any]] = []
        self._descriptor = os.open(self.log, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._descriptor, self._receive)

    def launch(self, *manners: str, **settings: Any) -> Launch:
        server = McpServer(command=sys.executable, args=[str(ROUGH), str(self.log), *manners], **settings)
        return launch("rough", server, self.folder, os.environ)

    async def until_read(self, method: str) -> dict[str, Any]:
        """The first message of this method, once it has read it."""
        while True:
            for message in self.read:
                if message.get("method") == method:
                    return message
            self._news.clear()
            await self._news.wait()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _receive(self) -> None:
        *lines, self._rest = (self._rest + os.read(self._descriptor, 1 << 16)).split(b"\n")
        self.read += [json.loads(line) for line in lines]
        self._news.set()


class Watched:
    """Hears the states of connections."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def __call__(self, connection: Connection) -> None:
        self.states.append(connection.state)


@pytest_asyncio.fixture
async def rough(tmp_path: Path) -> AsyncIterator[Rough]:
    made = Rough(tmp_path)
    yield made
    made.close()


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path)


@pytest_asyncio.fixture
async def pool(credentials: Credentials) -> AsyncIterator[Pool]:
    """Closed when the test ends, and then no child is left."""
    made = Pool(credentials, os.environ)
    yield made
    await made.close()
    await kill_all()
