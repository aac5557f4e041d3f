"""One conversation with a server, by the `mcp` library. Imported through `library` only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.client.session import ClientRequestContext, ClientSession
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher

from spindled import __version__
from spindled.mcp.errors import ServerError, ServerGone, StartupFailed
from spindled.mcp.stdio import stdio_streams

if TYPE_CHECKING:
    from mcp.shared.dispatcher import CallOptions, ProgressFnT

    from spindled.mcp.credentials import Credentials
    from spindled.mcp.launch import Launch
    from spindled.mcp.server_process import ServerProcess

log = logging.getLogger(__name__)

CLOSED = ("Connection closed", "SSE stream")  # and for one that ended; servers use its code for errors of their own
EXPIRED = "Session terminated"  # the library's words for an HTTP session that the server has forgotten

Json = dict[str, Any]
Elicit = Callable[[Json], Awaitable[Json]]
Progress = Callable[[float, float | None, str | None], None]


class Session:
    """Ready for requests. `lost` is set once there will be no more answers."""

    def __init__(self, dispatcher: JSONRPCDispatcher[Any], initialized: types.InitializeResult, lost: asyncio.Event):
        self._dispatcher = dispatcher
        self.lost = lost
        self.info: Json = plain(initialized.server_info)
        self.capabilities: Json = plain(initialized.capabilities)
        self.instructions = initialized.instructions or ""

    async def request(self, method: str, params: Json, progress: Progress | None = None) -> Json:
        """The result as the server gave it. Raises ServerError, ServerGone; when cancelled it tells the server."""
        options: CallOptions = {}
        if progress is not None:
            options["on_progress"] = reporting(progress)
        try:
            return await self._dispatcher.send_raw_request(method, params, options)
        except MCPError as error:
            if self.lost.is_set() or (error.code == types.CONNECTION_CLOSED and str(error).startswith(CLOSED)):
                raise ServerGone from error
            if error.code == types.INVALID_REQUEST and str(error) == EXPIRED:
                raise ServerGone("the server has forgotten the session", unheard=True) from error
            raise ServerError(error.code, str(error)) from error


@asynccontextmanager
async def opened(
    launch: Launch,
    process: ServerProcess | None,
    credentials: Credentials,
    elicit: Elicit,
    changed: Callable[[str], None],
) -> AsyncGenerator[Session, None]:
    """A session that has been initialized. `process`: of a server that is a command.

    `changed` hears of notifications by their method. Raises StartupFailed.
    """
    lost = asyncio.Event()
    async with AsyncExitStack() as stack:
        if process is not None:
            streams = await stack.enter_async_context(stdio_streams(process, lost))
        else:
            from spindled.mcp.http import http_streams

            streams = await stack.enter_async_context(http_streams(launch, credentials))
        dispatcher: JSONRPCDispatcher[Any] = JSONRPCDispatcher(*streams)

        async def answer(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
            return types.ElicitResult.model_validate(await elicit(plain(params)))

        async def hear(message: types.ServerNotification | Exception) -> None:
            if not isinstance(message, Exception):
                changed(message.method)

        session = await stack.enter_async_context(
            ClientSession(
                dispatcher=dispatcher,
                elicitation_callback=answer,
                message_handler=hear,
                client_info=types.Implementation(name="spindled", title="spindled", version=__version__),
            )
        )
        try:
            initialized = await session.initialize()
        except MCPError as error:
            raise StartupFailed(startup_error(error, lost)) from error
        except (RuntimeError, ValueError) as error:  # another version of the protocol, or no answer that fits it
            raise StartupFailed("its answer to `initialize` cannot be used") from error
        yield Session(dispatcher, initialized, lost)


def reporting(tell: Progress) -> ProgressFnT:
    async def report(progress: float, total: float | None, message: str | None) -> None:
        tell(progress, total, message)

    return report


def startup_error(error: MCPError, lost: asyncio.Event) -> str:
    if lost.is_set() or error.code == types.CONNECTION_CLOSED:
        return "the connection was closed before `initialize` was answered"
    return str(error)


def plain(model: Any) -> Json:
    """A value of the library as JSON."""
    values: Json = model.model_dump(by_alias=True, mode="json", exclude_none=True)
    return values
