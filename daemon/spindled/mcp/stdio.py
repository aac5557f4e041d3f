"""The library's streams over a child: newline-delimited JSON. Lines that are no messages are passed over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage

from spindled.mcp.errors import ServerGone

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams

    from spindled.mcp.server_process import ServerProcess

log = logging.getLogger(__name__)


@asynccontextmanager
async def stdio_streams(process: ServerProcess, lost: asyncio.Event) -> AsyncGenerator[TransportStreams, None]:
    """Sets `lost` once the process says no more. It is the caller's to end."""
    inbound, messages = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, outbound = anyio.create_memory_object_stream[SessionMessage](0)
    pumps = [
        asyncio.ensure_future(_read(process, inbound, lost)),
        asyncio.ensure_future(_write(process, outbound)),
    ]
    try:
        yield messages, outgoing
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.wait(pumps)
        for stream in (inbound, messages, outgoing, outbound):
            stream.close()


async def _read(
    process: ServerProcess, inbound: MemoryObjectSendStream[SessionMessage | Exception], lost: asyncio.Event
) -> None:
    try:
        while (line := await process.receive()) is not None:
            try:
                message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                log.debug("a line of %d bytes that is no message", len(line))
                continue
            await inbound.send(SessionMessage(message))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass  # nobody listens any more
    finally:
        lost.set()
        inbound.close()


async def _write(process: ServerProcess, outbound: MemoryObjectReceiveStream[SessionMessage]) -> None:
    try:
        async for item in outbound:
            process.send(item.message.model_dump_json(by_alias=True, exclude_unset=True).encode())
    except ServerGone:
        outbound.close()  # what is sent from here on is answered with the end of the connection
