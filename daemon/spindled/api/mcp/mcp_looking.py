"""The MCP servers that a request is about: a thread's, or those of the configuration while the request lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spindled.agent.settings import given
from spindled.api.application import working_directory
from spindled.api.threads.ids import thread_id
from spindled.mcp.launch import launch

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.mcp import McpServer
    from spindled.mcp.connection import Connection
    from spindled_protocol.base import UnsetType


class Servers:
    """`connections` of those that are enabled. `loaded`: they are a thread's."""

    def __init__(self, configured: dict[str, McpServer], connections: dict[str, Connection], loaded: bool):
        self.configured = configured
        self.connections = connections
        self.loaded = loaded

    async def started(self) -> None:
        """Each is connected or has failed; those that do not run are started."""
        for connection in self.connections.values():
            if connection.state == "notStarted":
                connection.start()
        await asyncio.gather(*(connection.settled() for connection in self.connections.values()))


@contextmanager
def looked_up(session: Session, thread: str | UnsetType | None, name: str | None = None) -> Iterator[Servers]:
    """All, or the one of a name. Raises ThreadNotLoaded, ConfigError."""
    application = session.application
    if given(thread):
        servers = application.threads.get(thread_id(str(thread))).servers
        configured = {each: server for each, server in servers.configured.items() if name in (None, each)}
        connections = {each: found for each, found in servers.connections.items() if each in configured}
        yield Servers(configured, connections, loaded=True)
        return
    cwd = working_directory(None)
    everything = application.config(cwd).settings.mcp_servers
    configured = {each: server for each, server in everything.items() if name in (None, each)}
    pool = application.servers()
    leases = {
        each: pool.lease(launch(each, server, cwd, pool.environ), lambda _: None)
        for each, server in configured.items()
        if server.enabled
    }
    try:
        yield Servers(configured, {each: lease.connection for each, lease in leases.items()}, loaded=False)
    finally:
        for lease in leases.values():
            lease.release()
