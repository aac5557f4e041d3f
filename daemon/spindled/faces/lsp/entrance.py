"""Where an editor is that does not talk over stdio: at a socket that we wait at, or go to. One editor a process."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from spindled.faces.sockets.address import Tcp, Unix, parse_listen
from spindled.faces.sockets.listener import Listener, listen
from spindled.transport.base import Transport
from spindled.transport.framing import CONTENT_LENGTH
from spindled.transport.stdio import StdioTransport

__all__ = ["Entrance", "open_entrance"]


class Entrance:
    """Made by `open_entrance`."""

    def __init__(self, url: str, listener: Listener | None = None, connected: socket.socket | None = None) -> None:
        self._url = url
        self._listener = listener
        self._connected = connected

    async def client(self) -> Transport:
        """The editor's connection, once it is there; nobody else is let in. Raises ConnectionError if it fails."""
        if self._listener is None:
            assert self._connected is not None
            return framed(self._connected)
        self._announce(self._listener)
        try:
            async for connection in self._listener.connections():
                if transport := await self._welcome(connection):
                    return transport
        finally:
            self._listener.close()
        raise ConnectionError("nobody connected")

    async def _welcome(self, connection: socket.socket) -> Transport | None:
        if not self._url.startswith("ws://"):
            return framed(connection)
        from spindled.faces.sockets.door import Door
        from spindled.transport.websocket import WebSocketTransport

        transport = WebSocketTransport(connection)
        if await transport.open(Door().admit):
            return transport
        transport.close()
        return None

    def _announce(self, listener: Listener) -> None:
        """On stderr, for who started us: a port that was 0 is known only now."""
        scheme = self._url.partition("://")[0]
        address = listener.address
        shown = address.shown if isinstance(address, Tcp) else address.path
        print(f"spindled lsp\n  listening on: {scheme}://{shown}", file=sys.stderr, flush=True)  # noqa: T201


def open_entrance(url: str, home: str, *, allow_remote: bool) -> Entrance:
    """`tcp://HOST:PORT`, `ws://HOST:PORT` or `pipe://PATH`. Raises ValueError for what makes no sense, OSError."""
    scheme, _, rest = url.partition("://")
    if scheme == "pipe":
        path = Path(rest).absolute()
        if connected := connect(path):
            return Entrance(url, connected=connected)
        return Entrance(url, listen(Unix(path)))
    address = parse_listen(f"ws://{rest.replace('localhost', '127.0.0.1')}", home)
    assert isinstance(address, Tcp)
    if not address.is_loopback and not allow_remote:
        raise ValueError(f"refusing to listen on {address.shown} without auth; --allow-remote does it nevertheless")
    return Entrance(url, listen(address))


def connect(path: Path) -> socket.socket | None:
    """To an editor that waits for us there."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


def framed(connection: socket.socket) -> StdioTransport:
    """Owns the socket. What the client does not read waits here, and producers with it."""
    connection.setblocking(False)
    with suppress(OSError):  # not TCP
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    fd = connection.detach()
    return StdioTransport(fd, os.dup(fd), framing=CONTENT_LENGTH)
