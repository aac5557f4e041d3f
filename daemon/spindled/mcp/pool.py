"""The servers of the daemon: one for all threads whose configuration and folder are the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

from spindled.mcp.connection import Connection

if TYPE_CHECKING:
    from spindled.mcp.credentials import Credentials
    from spindled.mcp.launch import Launch

log = logging.getLogger(__name__)

LINGER_SECONDS = 15.0  # that a server which nobody uses stays, for who comes next


class Lease:
    """A connection that somebody uses; `observer` hears its changes until it is released."""

    def __init__(self, pool: Pool, connection: Connection, observer: Callable[[Connection], None]):
        self.connection = connection
        self.observer = observer
        self._pool = pool

    def release(self) -> None:
        """Idempotent."""
        self._pool.released(self)


class Pool:
    """One per process."""

    def __init__(self, credentials: Credentials, environ: Mapping[str, str]):
        """`environ`: the daemon's, of which a server gets what its settings name."""
        self.credentials = credentials
        self.environ = environ
        self._connections: dict[bytes, Connection] = {}
        self._leases: dict[bytes, list[Lease]] = {}
        self._endings: dict[bytes, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._logins: set[asyncio.Task[None]] = set()
        self._closed = False

    def lease(self, launch: Launch, observer: Callable[[Connection], None]) -> Lease:
        """The connection is not started by this."""
        key = launch.key
        connection = self._connections.get(key)
        if connection is None:
            connection = Connection(launch, self.credentials, self._changed)
            self._connections[key] = connection
        if (ending := self._endings.pop(key, None)) is not None:
            ending.cancel()
        lease = Lease(self, connection, observer)
        self._leases.setdefault(key, []).append(lease)
        return lease

    def released(self, lease: Lease) -> None:
        key = lease.connection.launch.key
        leases = self._leases.get(key, [])
        if lease not in leases:
            return
        leases.remove(lease)
        if not leases:
            del self._leases[key]
            if not self._closed:
                loop = asyncio.get_running_loop()
                self._endings[key] = loop.call_later(LINGER_SECONDS, self._end, key)

    def restart(self, name: str, url: str) -> None:
        """End a server's connections and begin again: what they were told at their start is not true any more."""
        for connection in self._connections.values():
            if connection.launch.name == name and connection.launch.server.url == url:
                self._background(self._restart(connection))

    def keep(self, task: asyncio.Task[None]) -> None:
        """Own a login: it ends with the pool."""
        self._logins.add(task)
        task.add_done_callback(self._logins.discard)

    async def close(self) -> None:
        """End every server, all at once."""
        self._closed = True
        for login in self._logins:
            login.cancel()
        for ending in self._endings.values():
            ending.cancel()
        self._endings.clear()
        connections = list(self._connections.values())
        self._connections.clear()
        await asyncio.gather(*(connection.close() for connection in connections), return_exceptions=True)
        if rest := self._closing | self._logins:
            await asyncio.wait(rest)

    async def _restart(self, connection: Connection) -> None:
        await connection.close()
        if not self._closed:
            connection.start()

    def _end(self, key: bytes) -> None:
        self._endings.pop(key, None)
        connection = self._connections.pop(key, None)
        if connection is not None:
            self._background(connection.close())

    def _background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _changed(self, connection: Connection) -> None:
        for lease in tuple(self._leases.get(connection.launch.key, ())):
            lease.observer(connection)
