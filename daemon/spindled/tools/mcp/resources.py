"""What servers hold ready to be read: the model lists it, and reads it by address."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from spindled.mcp.errors import McpError
from spindled.mcp.listing import all_resources, entries
from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import ToolError, ToolOutput
from spindled.tools.mcp.running import running
from spindled_protocol.types import McpToolCallResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.mcp.connection import Connection
    from spindled.tools.base import Tool, ToolCall, ToolContext, ToolOptions

Json = dict[str, Any]
Servers = Mapping[str, "Connection"]

ALL = "codex"  # whom the wire names as the server of a list over all servers


class ListArguments(Struct):
    server: str | None = None
    cursor: str | None = None


class ReadArguments(Struct):
    server: str
    uri: str


def resource_tools(servers: Callable[[], Servers]) -> list[Tool]:
    return [
        ListTool(servers, "list_mcp_resources", "resources", "resources/list", "uri"),
        ListTool(
            servers, "list_mcp_resource_templates", "resourceTemplates", "resources/templates/list", "uriTemplate"
        ),
        ReadTool(servers),
    ]


class ListTool:
    """Of one server a page, of all servers everything."""

    parallel = True

    def __init__(self, servers: Callable[[], Servers], name: str, key: str, method: str, address: str):
        self.name = name
        self._servers = servers
        self._key = key
        self._method = method
        self._address = address

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> Json:
        what = "resources (documents, data)" if self._key == "resources" else "templates for addresses of resources"
        properties = {
            "server": {"type": "string", "description": "Name of one MCP server; without it all are asked."},
            "cursor": {"type": "string", "description": "Where the next page begins: `nextCursor` of the last one."},
        }
        return function_spec(self.name, f"List the {what} that the MCP servers of this session offer.", properties)

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        arguments = decode(call, ListArguments)
        if arguments.server is None and arguments.cursor is not None:
            raise ToolError("`cursor` belongs to a `server`")
        connection = None if arguments.server is None else chosen(self._servers(), arguments.server)
        given: Json = decode(call, dict)
        async with running(context, call.call_id, arguments.server or ALL, self.name, given) as shown:
            if connection is None or arguments.server is None:
                listed = await self._everything()
            else:
                listed = await self._page(arguments.server, connection, arguments.cursor)
            text = msgspec.json.encode(listed).decode()
            shown.done(text_result(text))
            return ToolOutput(text)

    async def _page(self, name: str, connection: Connection, cursor: str | None) -> Json:
        params = {} if cursor is None else {"cursor": cursor}
        page = await connection.request(self._method, params)
        listed = {"server": name, self._key: self._named(name, entries([page], self._key, self._address))}
        following = page.get("nextCursor")
        return {**listed, "nextCursor": following} if isinstance(following, str) and following else listed

    async def _everything(self) -> Json:
        servers = self._servers()
        found = await asyncio.gather(*(self._of(name, connection) for name, connection in sorted(servers.items())))
        return {self._key: [each for part in found for each in part]}

    async def _of(self, name: str, connection: Connection) -> list[Json]:
        """A server that cannot answer does not keep the others' from the model."""
        try:
            return self._named(name, await all_resources(connection, self._method, self._key, self._address))
        except McpError:
            return []

    def _named(self, name: str, found: list[Json]) -> list[Json]:
        return [{"server": name, **each} for each in found]


class ReadTool:
    name = "read_mcp_resource"
    parallel = True

    def __init__(self, servers: Callable[[], Servers]):
        self._servers = servers

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> Json:
        properties = {
            "server": {"type": "string", "description": "Name of the MCP server, as list_mcp_resources gives it."},
            "uri": {"type": "string", "description": "Address of the resource at that server."},
        }
        return function_spec(self.name, "Read a resource of an MCP server.", properties, "server", "uri")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        arguments = decode(call, ReadArguments)
        connection = chosen(self._servers(), arguments.server)
        given: Json = decode(call, dict)
        async with running(context, call.call_id, arguments.server, self.name, given) as shown:
            result = await connection.request("resources/read", {"uri": arguments.uri}, thread=context.thread_id)
            contents = entries([result], "contents")
            text = msgspec.json.encode(
                {"server": arguments.server, "uri": arguments.uri, "contents": contents}
            ).decode()
            shown.done(text_result(text))
            return ToolOutput(text)


def chosen(servers: Servers, name: str) -> Connection:
    if name not in servers:
        raise ToolError(f"unknown MCP server '{name}'")
    return servers[name]


def text_result(text: str) -> McpToolCallResult:
    from spindled.tools.mcp.results import shown

    return McpToolCallResult(content=list(shown([{"type": "text", "text": text}])), structuredContent=None, _meta=None)
