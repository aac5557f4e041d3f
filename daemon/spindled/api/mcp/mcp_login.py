"""mcpServer/oauth/login: the answer is where the user has to go; a notification tells how it ended."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either, given
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.mcp import library
from spindled.mcp.errors import McpError
from spindled.mcp.launch import launch
from spindled.rpc.connection import Then
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled.store.ids import new_id
from spindled_protocol.base import UNSET
from spindled_protocol.types import McpServerOauthLoginCompletedNotification, McpServerOauthLoginResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.mcp import McpServer
    from spindled_protocol.types import McpServerOauthLoginParams

log = logging.getLogger(__name__)

DEFAULT_SECONDS = 300
NO_HTTP = "OAuth login is only supported for streamable HTTP servers."


@handler
async def mcp_server_oauth_login(session: Session, params: McpServerOauthLoginParams) -> Then:
    application = session.application
    server, config = found(session, params)
    if server.url is None:
        raise RpcError(INVALID_REQUEST, NO_HTTP)
    pool = application.servers()
    seconds = max(either(params.timeoutSecs, DEFAULT_SECONDS), 1)
    login = (await library.module("spindled.mcp.login")).Login(
        launch(params.name, server, working_directory(None), pool.environ),
        pool.credentials,
        either(params.scopes, None),
        config.settings.mcp_oauth_callback_port,
    )
    login_id = new_id()
    running = asyncio.get_running_loop().create_task(login.run(seconds), name=f"login to {params.name}")
    pool.keep(running)
    try:
        url = await asyncio.shield(login.url)
    except McpError as error:
        raise RpcError(INTERNAL_ERROR, f"failed to login to MCP server '{params.name}': {error}") from error
    except BaseException:
        running.cancel()
        raise

    def ended(task: asyncio.Task[None]) -> None:
        error = "the login was given up" if task.cancelled() else task.exception()
        if error is None:
            pool.restart(params.name, str(server.url))
        session.connection.notify(
            "mcpServer/oauthLogin/completed",
            McpServerOauthLoginCompletedNotification(
                name=params.name,
                threadId=either(params.threadId, None),
                loginId=login_id,
                success=error is None,
                error=str(error) if error is not None else UNSET,
            ),
        )

    return Then(
        McpServerOauthLoginResponse(authorizationUrl=url, loginId=login_id),
        lambda: running.add_done_callback(ended),
    )


def found(session: Session, params: McpServerOauthLoginParams) -> tuple[McpServer, Any]:
    """The server of a thread, or of the configuration. Raises RpcError."""
    application = session.application
    config = application.config(working_directory(None))
    servers = config.settings.mcp_servers
    if given(params.threadId):
        servers = application.threads.get(thread_id(str(params.threadId))).servers.configured
    if params.name not in servers:
        raise RpcError(INVALID_REQUEST, f"No MCP server named '{params.name}' found.")
    return servers[params.name], config
