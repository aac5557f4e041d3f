"""Serves one client over stdin and stdout, from the first byte to the exit code."""

from __future__ import annotations

import gc

from spindled.faces.appserver import Backend, Dispatch
from spindled.faces.greeting import NOTHING_SAID, Greeting
from spindled.faces.life import AT_END_OF_INPUT, Life
from spindled.rpc.peer import Peer
from spindled.transport.base import Transport
from spindled.transport.stdio import StdioTransport

__all__ = ["run", "serve"]


async def run(backend: Backend, read_fd: int, write_fd: int, greeting: Greeting = NOTHING_SAID) -> int:
    """Serve over two descriptors that are ours; gives the exit code. `greeting`: what was said on them before."""
    gc.freeze()
    gc.enable()
    return await serve(StdioTransport(read_fd, write_fd, already=greeting.unread), backend, greeting.params)


async def serve(transport: Transport, backend: Backend, greeted: bytes | None = None) -> int:
    """Until the end of input, SIGTERM or SIGINT (0), or until the application turns out not to open (1).

    `greeted`: the params of an `initialize` that has its answer.
    """
    life = Life(backend)
    dispatch = Dispatch(life.server)
    peer = Peer(transport, dispatch)
    if greeted is not None:
        dispatch.greeted(peer, greeted)
    await life.unless_stopped(peer.serve())
    if not life.stopped.is_set():
        await life.unless_stopped(life.close([peer], AT_END_OF_INPUT))
    if life.stopped.is_set():
        await life.close([peer])
    return life.exit_code
