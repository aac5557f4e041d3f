"""What clients do with MCP servers themselves: call a tool, read a resource, load the configuration anew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.agent.asking import elicitations
from spindled.agent.settings import either, given
from spindled.api.errors import handler
from spindled.api.mcp.mcp_looking import looked_up
from spindled.api.threads.ids import thread_id
from spindled.mcp.errors import McpError, ServerError
from spindled.mcp.listing import entries
from spindled.rpc.errors import INTERNAL_ERROR, RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    McpResourceReadResponse,
    McpServerRefreshResponse,
    McpServerToolCallResponse,
    ResourceContentObject,
)

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled_protocol.types import (
        McpResourceReadParams,
        McpServerToolCallParams,
    )

Json = dict[str, Any]


@handler
async def mcp_server_tool_call(session: Session, params: McpServerToolCallParams) -> McpServerToolCallResponse:
    """The client's own call: nobody is asked whether it may run."""
    thread = session.application.threads.get(thread_id(params.threadId))
    connection = thread.servers.connection(params.server)
    called = f"tool call failed for `{params.server}/{params.tool}`"
    if not thread.servers.configured[params.server].offers(params.tool):
        raise RpcError(INTERNAL_ERROR, f"tool '{params.tool}' is disabled for MCP server '{params.server}'")
    arguments = either(params.arguments, {})
    if not isinstance(arguments, dict):
        raise RpcError(INTERNAL_ERROR, f"{called}: MCP tool arguments must be a JSON object")
    request: Json = {"name": params.tool, "arguments": arguments}
    if isinstance(params._meta, dict):
        request["_meta"] = params._meta
    try:
        result = await connection.request(
            "tools/call", request, thread=thread.id, ask=partial(ask_followers, thread, params.server)
        )
    except ServerError as error:
        raise RpcError(error.code, str(error)) from error
    except McpError as error:
        raise RpcError(INTERNAL_ERROR, f"{called}: {error}") from error
    return McpServerToolCallResponse(
        content=entries([result], "content"),
        structuredContent=result.get("structuredContent", UNSET),
        isError=result["isError"] if isinstance(result.get("isError"), bool) else UNSET,
        _meta=result.get("_meta", UNSET),
    )


async def ask_followers(thread: Thread, server: str, question: Json) -> Json:
    """A server's question outside of a turn."""
    params = elicitations.of_server(thread.id, None, server, question)
    if params is None or not thread.settings.asks_for_servers:
        return {"action": "decline"}
    answer = await thread.events.followers.ask("mcpServer/elicitation/request", params, elicitations.Answer)
    return elicitations.for_server(answer)


@handler
async def mcp_server_resource_read(session: Session, params: McpResourceReadParams) -> McpResourceReadResponse:
    with looked_up(session, params.threadId, params.server) as servers:
        if params.server not in servers.connections:
            raise RpcError(INTERNAL_ERROR, f"unknown MCP server '{params.server}'")
        request: Json = {"uri": params.uri}
        if given(params._meta):
            request["_meta"] = params._meta
        try:
            result = await servers.connections[params.server].request("resources/read", request)
        except McpError as error:
            text = f"resources/read failed for `{params.server}` ({params.uri}): {error}"
            raise RpcError(INTERNAL_ERROR, text) from error
    return McpResourceReadResponse(
        contents=[resource_content(each) for each in entries([result], "contents")],
        originCallId=either(params.originCallId, None),
    )


def resource_content(content: Json) -> ResourceContentObject:
    """What the wire has of it. Raises RpcError for a server that answers something else."""
    try:
        return msgspec.convert(content, ResourceContentObject)
    except msgspec.ValidationError as error:
        raise RpcError(INTERNAL_ERROR, f"the server's resource has another form: {error}") from error


@handler
def config_mcp_server_reload(session: Session, _: None) -> McpServerRefreshResponse:
    """Every thread gets the servers that its configuration names now. Raises ConfigError, and then none does."""
    application = session.application
    threads = list(application.threads)
    servers = [again(session, thread.surroundings.config).settings.mcp_servers for thread in threads]
    for thread, configured in zip(threads, servers, strict=True):
        thread.configure_servers(configured)
    return McpServerRefreshResponse()


def again(session: Session, config: Config) -> Config:
    """The configuration of a thread as it would be loaded now, with what its own request had set."""
    request = next((layer.table for layer in config.layers if layer.kind == "request"), {})
    return session.application.config(config.cwd, request)
