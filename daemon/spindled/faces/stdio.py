"""Serves one client over stdin and stdout, from the first byte, which tells its framing, to the exit code."""

from __future__ import annotations

import gc

from spindled.faces.appserver import Backend, Dispatch
from spindled.faces.greeting import NOTHING_SAID, Greeting
from spindled.faces.life import Life
from spindled.rpc.peer import Peer
from spindled.transport.base import Transport
from spindled.transport.framing import CONTENT_LENGTH
from spindled.transport.stdio import StdioTransport

__all__ = ["run", "serve"]

LANGUAGE_CLIENT = b"C"
"""As in `Content-Length`. JSON begins otherwise."""


async def run(backend: Backend, read_fd: int, write_fd: int, greeting: Greeting = NOTHING_SAID) -> int:
    """Serve over two descriptors that are ours; gives the exit code. `greeting`: what was said on them before."""
    gc.freeze()
    gc.enable()
    transport = StdioTransport(read_fd, write_fd, already=greeting.unread)
    if greeting.params is None and (await transport.first_bytes()).startswith(LANGUAGE_CLIENT):
        from spindled.faces.lsp.run import serve as serve_editor

        transport.framing = CONTENT_LENGTH
        return await serve_editor(transport, backend)
    return await serve(transport, backend, greeting.params)


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
    await life.end(peer)
    return life.exit_code
