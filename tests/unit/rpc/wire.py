"""A client that speaks raw lines to a Peer over memory, and small things to serve."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from spindled.rpc.connection import Connection
from spindled.rpc.errors import invalid_request
from spindled.rpc.peer import Call, Peer
from spindled.transport.base import MAX_LINE
from spindled.transport.memory import MemoryTransport, memory_pair

Handler = Callable[[Connection, Any], Any]


class Table:
    """A Dispatcher: handlers by name, params as plain JSON."""

    def __init__(self, **handlers: Handler) -> None:
        self.handlers = handlers
        self.notified: list[str] = []

    def request(self, connection: Connection, method: str, params: msgspec.Raw) -> Call:
        if method not in self.handlers:
            raise invalid_request(f"unknown variant `{method}`")
        return partial(self.handlers[method], connection, json.loads(bytes(params) or "null"))

    def notification(self, connection: Connection, method: str, params: msgspec.Raw) -> None:
        self.notified.append(method)
        if method == "boom":
            raise ValueError(method)


class Client:
    """The far end of a connection."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.transport = transport
        self._frames = transport.frames()
        self._lines: list[bytes] = []

    def send(self, *messages: Any) -> None:
        """All in one write; bytes go as they are."""
        lines = [m if isinstance(m, bytes) else json.dumps(m).encode() for m in messages]
        self.transport.write(b"\n".join(lines) + b"\n")

    async def line(self) -> bytes:
        while not self._lines:
            self._lines += [line for line in await anext(self._frames) if line is not None]
        return self._lines.pop(0)

    async def receive(self) -> Any:
        return json.loads(await self.line())

    async def call(self, id: Any, method: str, params: Any = None) -> Any:
        self.send({"id": id, "method": method, "params": params})
        return await self.receive()


@asynccontextmanager
async def serving(table: Any, limit: int = MAX_LINE) -> AsyncIterator[tuple[Client, Peer]]:
    near, far = memory_pair(limit)
    peer = Peer(near, table)
    task = asyncio.create_task(peer.serve())
    yield Client(far), peer
    far.close()
    await task
    await peer.finish(0)
    await peer.close(1)
