"""The library's streams over streamable HTTP. Imported through `library` only."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from mcp.client.streamable_http import streamable_http_client

from spindled.mcp.auth import LOGIN_NEEDED, stored_login
from spindled.mcp.errors import McpError, ServerGone, StartupFailed, leaves

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

    from spindled.mcp.credentials import Credentials
    from spindled.mcp.launch import Launch

CONNECT_SECONDS = 30.0
SILENT_SECONDS = 3600.0  # that a stream may say nothing; calls have limits of their own
MAX_EVENT = 64 << 20  # bytes of one server-sent event


@asynccontextmanager
async def http_streams(launch: Launch, credentials: Credentials) -> AsyncGenerator[TransportStreams, None]:
    """Raises StartupFailed or ServerGone in place of what the HTTP client raises."""
    assert launch.server.url is not None
    statuses: list[int] = []

    async def note(response: httpx2.Response) -> None:
        statuses[:] = [response.status_code]

    authorized = any(name.lower() == "authorization" for name in launch.headers)
    client = httpx2.AsyncClient(
        headers=launch.headers,
        auth=None if authorized else stored_login(launch, credentials),
        timeout=httpx2.Timeout(CONNECT_SECONDS, read=SILENT_SECONDS),
        event_hooks={"response": [note]},
    )
    try:
        async with (
            client,
            streamable_http_client(launch.server.url, http_client=client, max_sse_event_size=MAX_EVENT) as streams,
        ):
            yield streams
    except Exception as error:
        raise told(error, statuses) from error


def told(error: Exception, statuses: list[int]) -> McpError:
    """What an error of a connection comes to; of several the first that says something."""
    for each in leaves(error):
        if isinstance(each, StartupFailed):
            return StartupFailed(LOGIN_NEEDED, login=True) if statuses == [401] else each
        if isinstance(each, McpError):
            return each
        if isinstance(each, httpx2.HTTPError | httpx2.InvalidURL):
            return ServerGone(f"{type(each).__name__}: {each}" if str(each) else type(each).__name__)
    return ServerGone(type(error).__name__)
