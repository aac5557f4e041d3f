"""`spindled lsp`: from the command line to the exit code."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from typing import TYPE_CHECKING

from spindled.faces.appserver import Backend
from spindled.faces.life import Life
from spindled.faces.lsp.face import Face
from spindled.transport.base import Transport
from spindled.transport.framing import CONTENT_LENGTH
from spindled.transport.stdio import StdioTransport

if TYPE_CHECKING:
    from spindled.cli import Options
    from spindled.faces.lsp.entrance import Entrance

__all__ = ["run", "serve"]


def run(options: Options, backend: Backend, read_fd: int, write_fd: int) -> int:
    """0 after `shutdown`, SIGTERM or SIGINT, else 1; 2 for an address that makes no sense. Told on stderr."""
    gc.freeze()
    gc.enable()
    return asyncio.new_event_loop().run_until_complete(_run(options, backend, read_fd, write_fd))


async def _run(options: Options, backend: Backend, read_fd: int, write_fd: int) -> int:
    if options.listen == "stdio://":
        return await serve(StdioTransport(read_fd, write_fd, framing=CONTENT_LENGTH), backend)
    from spindled.faces.lsp.entrance import open_entrance

    try:
        if options.listen.startswith("unix://"):
            return await _serve_many(options, backend)
        entrance = open_entrance(options.listen, backend.home, allow_remote=options.allow_remote)
    except ValueError as error:
        return _refuse(error, 2)
    except OSError as error:
        return _refuse(error, 1)
    return await _when_there(entrance, backend)


async def _serve_many(options: Options, backend: Backend) -> int:
    """Raises ValueError and OSError for what is no address to listen on."""
    from spindled.faces.lsp.entrance import framed
    from spindled.faces.sockets.address import parse_listen
    from spindled.faces.sockets.listener import listen
    from spindled.faces.sockets.run import serve
    from spindled.faces.sockets.server import Guest

    listener = listen(parse_listen(options.listen, backend.home))
    life = Life(backend)

    async def admit(connection: socket.socket) -> Guest:
        face = Face(framed(connection), life.server, lambda: None)
        return Guest(face.peer, face.close)

    def announce() -> None:
        print(f"spindled lsp\n  listening on: {listener.address}", file=sys.stderr, flush=True)  # noqa: T201

    return await serve(listener, life, admit, announce, options.idle_seconds)


async def _when_there(entrance: Entrance, backend: Backend) -> int:
    life = Life(backend)
    found: list[Transport] = []

    async def wait() -> None:
        found.append(await entrance.client())

    await life.unless_stopped(wait())
    return await _serve(life, found[0]) if found else life.exit_code


async def serve(transport: Transport, backend: Backend) -> int:
    """Until the client says `exit` or leaves, or until SIGTERM or SIGINT."""
    return await _serve(Life(backend), transport)


async def _serve(life: Life, transport: Transport) -> int:
    face = Face(transport, life.server, life.stopped.set)
    await life.unless_stopped(face.peer.serve())
    stopped = life.stopped.is_set()
    face.close()
    await life.end(face.peer)
    return life.exit_code or (0 if stopped else face.exit_code)


def _refuse(error: Exception, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201
    return code
