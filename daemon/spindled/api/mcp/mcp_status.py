"""mcpServerStatus/list: how the MCP servers are and what they offer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.mcp.mcp_looking import looked_up
from spindled.api.reading.pages import page
from spindled.mcp.errors import McpError
from spindled.mcp.listing import all_resources
from spindled_protocol.types import (
    ListMcpServerStatusResponse,
    McpServerInfo,
    McpServerStatus,
    Resource,
    ResourceTemplate,
    Tool,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spindled.api.mcp.mcp_looking import Servers
    from spindled.api.session import Session
    from spindled.config.mcp import McpServer
    from spindled.mcp.connection import Connection
    from spindled_protocol.types import ListMcpServerStatusParams, McpAuthStatus, McpServerConnectionStatus

Wanted = TypeVar("Wanted")


@handler
async def mcp_server_status_list(session: Session, params: ListMcpServerStatusParams) -> ListMcpServerStatusResponse:
    """Servers that do not run are started for it."""
    with looked_up(session, params.threadId, either(params.serverName, None)) as servers:
        names, following = page(params, sorted(servers.configured))
        await servers.started()
        full = either(params.detail, "full") == "full"
        return ListMcpServerStatusResponse(
            data=list(await asyncio.gather(*(status(servers, name, full) for name in names))),
            nextCursor=following,
        )


async def status(servers: Servers, name: str, full: bool) -> McpServerStatus:
    server, connection = servers.configured[name], servers.connections.get(name)
    listing = connection.listing if connection is not None and connection.state == "connected" else None
    failure = connection.failure if connection is not None and connection.state == "failed" else None
    resources: list[Any] = []
    templates: list[Any] = []
    if listing is not None and full and connection is not None:
        resources = await held(connection, "resources/list", "resources", "uri")
        templates = await held(connection, "resources/templates/list", "resourceTemplates", "uriTemplate")
    tools = fitting(listing.tools.values() if listing is not None else (), Tool)
    return McpServerStatus(
        name=name,
        runtimeStatus=runtime_status(connection) if servers.loaded else None,
        httpOrigin=connection.launch.origin if connection is not None else None,
        serverInfo=next(iter(fitting([listing.info], McpServerInfo)), None) if listing is not None else None,
        serverCapabilities=listing.capabilities if listing is not None else None,
        toolListMeta=listing.meta if listing is not None else None,
        tools={tool.name: tool for tool in tools if server.offers(tool.name)},
        toolsError=f"MCP startup failed: {failure}" if failure is not None else None,
        resources=fitting(resources, Resource),
        resourceTemplates=fitting(templates, ResourceTemplate),
        authStatus=auth_status(server, connection),
    )


async def held(connection: Connection, method: str, key: str, address: str) -> list[Any]:
    try:
        return await all_resources(connection, method, key, address)
    except McpError:
        return []


def fitting(values: Iterable[Any], kind: type[Wanted]) -> list[Wanted]:
    """Those that have the wire's form: one that a server got wrong does not spoil the list."""
    found = []
    for value in values:
        try:
            found.append(msgspec.convert(value, kind))
        except msgspec.ValidationError:
            continue
    return found


def runtime_status(connection: Connection | None) -> McpServerConnectionStatus:
    if connection is None:
        return "disabled"
    login = connection.state == "failed" and connection.failure is not None and connection.failure.login
    return "authenticationRequired" if login else connection.state


def auth_status(server: McpServer, connection: Connection | None) -> McpAuthStatus:
    if server.url is None or connection is None:
        return "unsupported"
    if any(header.lower() == "authorization" for header in connection.launch.headers):
        return "bearerToken"
    if connection.failure is not None and connection.failure.login:
        return "notLoggedIn"
    return "oAuth" if connection.logged_in else "unsupported"
