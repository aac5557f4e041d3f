"""The MCP servers of one thread: those of its configuration, told of to its followers, offered to its model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from spindled_protocol.types import McpServerStatusUpdatedNotification

if TYPE_CHECKING:
    from pathlib import Path

    from spindled.agent.events import ThreadEvents
    from spindled.config.mcp import McpServer
    from spindled.mcp.connection import Connection
    from spindled.mcp.listing import Listing
    from spindled.mcp.pool import Lease, Pool
    from spindled.tools.base import Tool, ToolCall
    from spindled_protocol.types import McpServerStartupState

STATUS: dict[str, McpServerStartupState] = {"starting": "starting", "connected": "ready", "failed": "failed"}


class UnknownServer(LookupError):
    def __init__(self, name: str):
        super().__init__(f"unknown MCP server '{name}'")


class ThreadServers:
    """Nothing is started before `begin`, nothing told before `announce`."""

    def __init__(self, events: ThreadEvents, cwd: Path, pool: Callable[[], Pool], configured: Mapping[str, McpServer]):
        self.configured = dict(configured)
        self._events = events
        self._cwd = cwd
        self._pool = pool
        self._leases: dict[str, Lease] = {}
        self._untold: list[McpServerStatusUpdatedNotification] | None = []
        self._begun = False
        self._tools: tuple[list[Listing], list[Tool]] = ([], [])

    def __bool__(self) -> bool:
        return bool(self._leases)

    @property
    def connections(self) -> dict[str, Connection]:
        """Of the servers that are enabled, by name."""
        return {name: lease.connection for name, lease in self._leases.items()}

    def connection(self, name: str) -> Connection:
        """Raises UnknownServer."""
        if name not in self._leases:
            raise UnknownServer(name)
        return self._leases[name].connection

    @property
    def needed(self) -> bool:
        """Whether the thread is nothing without some of them."""
        return any(server.required and server.enabled for server in self.configured.values())

    # -- their life

    def begin(self) -> None:
        """Start what is enabled and does not run yet."""
        enabled = {name: server for name, server in self.configured.items() if server.enabled}
        if not enabled or self._begun:
            return
        self._begun = True
        for name in sorted(enabled):
            self._lease(name)

    def announce(self) -> None:
        """From here on the followers hear how the servers are; first of all, how they have been."""
        told, self._untold = self._untold or [], None
        for notification in told:
            self._publish(notification)

    async def required(self) -> str | None:
        """What is wrong with servers that the thread cannot do without; waits until they have started."""
        names = [name for name in self._leases if self.configured[name].required]
        await asyncio.gather(*(self._leases[name].connection.settled() for name in names))
        failed = {name: self._leases[name].connection for name in names}
        wrong = [f"{name}: {each.failure}" for name, each in failed.items() if each.failure is not None]
        return "; ".join(wrong) or None

    async def settled(self, seconds: float) -> None:
        """Wait for those that still start; not longer than so many seconds after a server could have answered."""
        starting = [lease.connection for lease in self._leases.values() if lease.connection.state == "starting"]
        if starting:
            await asyncio.gather(*(connection.settled(seconds) for connection in starting))

    def reload(self, configured: Mapping[str, McpServer]) -> None:
        """Take over another configuration; what is unchanged and connected stays, what failed is tried again."""
        before, self._leases = self._leases, {}
        self.configured = dict(configured)
        self._tools = ([], [])
        self._begun = False
        self.begin()
        for lease in before.values():
            lease.release()

    def close(self) -> None:
        """The servers go on for other threads."""
        leases, self._leases = self._leases, {}
        for lease in leases.values():
            lease.release()

    def _lease(self, name: str) -> None:
        from spindled.mcp.launch import launch

        pool = self._pool()
        lease = pool.lease(launch(name, self.configured[name], self._cwd, pool.environ), self._changed)
        self._leases[name] = lease
        if lease.connection.state in ("connected", "starting"):
            self._changed(lease.connection)
        else:
            lease.connection.start()

    # -- what the followers hear

    def _changed(self, connection: Connection) -> None:
        status = STATUS.get(connection.state)
        if status is None:
            return
        name, failure = connection.launch.name, connection.failure
        error = None
        if status == "failed":
            error = failure_text(connection)
        again = failure is not None and failure.login and connection.logged_in
        self._publish(
            McpServerStatusUpdatedNotification(
                threadId=self._events.thread_id,
                name=name,
                status=status,
                error=error,
                failureReason="reauthenticationRequired" if again and status == "failed" else None,
            )
        )

    def _publish(self, notification: McpServerStatusUpdatedNotification) -> None:
        if self._untold is not None:
            self._untold.append(notification)
        else:
            self._events.server_status(notification)

    # -- what the model gets

    def tools(self) -> list[Tool]:
        """Those of the servers, and those that read resources; the same objects as long as nothing changes."""
        if not self._leases:
            return []
        listings = [lease.connection.listing for lease in self._leases.values()]
        known, tools = self._tools
        if not tools or any(now is not then for now, then in zip(listings, known, strict=False)):
            tools = self._made()
            self._tools = (listings, tools)
        return tools

    def find(self, call: ToolCall) -> Tool | None:
        """The tool for a call, which may name it by its server's namespace and its own name."""
        tools = self.tools()
        if not tools or call.custom:
            return None
        from spindled.tools.mcp.names import namespaced

        if call.namespace is not None:
            return next((tool for tool in tools if namespaced(tool, call.namespace, call.name)), None)
        return next((tool for tool in tools if tool.name == call.name), None)

    def _made(self) -> list[Tool]:
        from spindled.tools.mcp.names import model_names
        from spindled.tools.mcp.resources import resource_tools
        from spindled.tools.mcp.tool import McpTool

        listed = {
            (server, tool): described
            for server, lease in self._leases.items()
            for tool, described in lease.connection.listing.tools.items()
            if self.configured[server].offers(tool)
        }
        names = model_names(listed)
        found = [
            McpTool(names[key], key[0], self.configured[key[0]], described, self._leases[key[0]].connection)
            for key, described in listed.items()
        ]
        return [*resource_tools(lambda: self.connections), *sorted(found, key=lambda tool: tool.name)]


def failure_text(connection: Connection) -> str:
    """Why a server did not start, with what can be done about it."""
    from spindled.mcp.errors import StartupTimeout

    name, failure = connection.launch.name, connection.failure
    if failure is not None and failure.login:
        return f"The {name} MCP server is not logged in. Log in with mcpServer/oauth/login."
    if isinstance(failure, StartupTimeout):
        return (
            f"MCP client for `{name}` timed out after {failure.seconds:g} seconds. Add or adjust `startup_timeout_sec` "
            f"in your config.toml:\n[mcp_servers.{name}]\nstartup_timeout_sec = XX"
        )
    return f"MCP client for `{name}` failed to start: {failure}"
