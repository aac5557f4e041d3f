"""Serves one client over stdin and stdout, from the first byte to the exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any, NamedTuple

from spindled.faces.appserver import AppServer, Backend, Dispatch
from spindled.faces.greeting import NOTHING_SAID, Greeting
from spindled.rpc.peer import Peer
from spindled.transport.base import Transport
from spindled.transport.stdio import StdioTransport

__all__ = ["run", "serve"]


class Patience(NamedTuple):
    """Seconds to wait at the end: for running requests, for turns to be interrupted, for a client that reads."""

    requests: float
    application: float
    client: float


AT_END_OF_INPUT = Patience(1.0, 2.0, 2.0)
ON_SIGNAL = Patience(0.0, 0.14, 0.03)

log = logging.getLogger(__name__)


async def run(backend: Backend, read_fd: int, write_fd: int, greeting: Greeting = NOTHING_SAID) -> int:
    """Serve over two descriptors that are ours; gives the exit code. `greeting`: what was said on them before."""
    gc.freeze()
    gc.enable()
    return await serve(StdioTransport(read_fd, write_fd, already=greeting.unread), backend, greeting.params)


async def serve(transport: Transport, backend: Backend, greeted: bytes | None = None) -> int:
    """Until the end of input, SIGTERM or SIGINT (0), or until the application turns out not to open (1).

    `greeted`: the params of an `initialize` that has its answer.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    failures: list[Exception] = []

    def fail(error: Exception) -> None:
        if not failures:
            print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        failures.append(error)
        loop.call_later(0, stop.set)  # after the answer to the request that found out

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = AppServer(backend, fail)
    dispatch = Dispatch(server)
    peer = Peer(transport, dispatch)
    if greeted is not None:
        dispatch.greeted(peer, greeted)
    await _unless(stop, peer.serve())
    if not stop.is_set():
        await _unless(stop, _close(peer, server, AT_END_OF_INPUT))
    if stop.is_set():
        await _close(peer, server, ON_SIGNAL)
    return 1 if failures else 0


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, or until `stop` is set."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    working.cancel()
    await asyncio.wait({working, stopping})
    if not working.cancelled() and (error := working.exception()):
        log.error("the connection failed", exc_info=error)


async def _close(peer: Peer, server: AppServer, patience: Patience) -> None:
    await peer.finish(patience.requests)
    try:
        async with asyncio.timeout(patience.application):
            await server.close(patience.application)
    except TimeoutError:
        log.warning("did not close within %s s", patience.application)
    except Exception:
        log.exception("did not close cleanly")
    await peer.close(patience.client)
