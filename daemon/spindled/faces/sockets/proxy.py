"""`spindled app-server proxy`: stdin and stdout are joined with a daemon that listens on a socket.

The first byte decides what is spoken on stdin. `{` is one message a line: any client that spawns a server then shares
the daemon with others. Everything else is passed on byte by byte, as the reference does it: a websocket client at the
other end of, say, an ssh connection does its own handshake.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

__all__ = ["run"]

CHUNK = 1 << 16
BLANKS = b" \t\r\n"


def run(path: Path, read_fd: int = 0, write_fd: int = 1) -> int:
    """Until the daemon closes; the end of input is passed on to it. 1 if there is nobody, which stderr tells."""
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
    except OSError as error:
        print(f"error: cannot connect to {path}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 1
    first = _first(read_fd)
    try:
        if first.lstrip(BLANKS).startswith(b"{"):
            _lines(connection, first, read_fd, write_fd)
        else:
            _bytes(connection, first, read_fd, write_fd)
    except (OSError, WebSocketException) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _first(fd: int) -> bytes:
    """The first bytes up to one that is no blank; empty at the end of input."""
    said = b""
    while not said.strip(BLANKS):
        chunk = os.read(fd, CHUNK)
        if not chunk:
            break
        said += chunk
    return said


def _bytes(connection: socket.socket, first: bytes, read_fd: int, write_fd: int) -> None:
    def forward() -> None:
        with suppress(OSError):
            chunk = first
            while chunk:
                connection.sendall(chunk)
                chunk = os.read(read_fd, CHUNK)
        _end_input(connection)

    Thread(target=forward, daemon=True).start()
    while chunk := connection.recv(CHUNK):
        _write(write_fd, chunk)


def _lines(connection: socket.socket, first: bytes, read_fd: int, write_fd: int) -> None:
    websocket = connect("ws://localhost/", sock=connection, max_size=None, compression=None, proxy=None)
    Thread(target=_send_lines, args=(websocket, connection, first, read_fd), daemon=True).start()
    with suppress(ConnectionClosed):
        while True:
            message = websocket.recv(decode=False)
            _write(write_fd, bytes(message) + b"\n")


def _send_lines(websocket: ClientConnection, connection: socket.socket, first: bytes, read_fd: int) -> None:
    with suppress(OSError, ConnectionClosed):
        parts, chunk = [b""], first
        while chunk:
            *whole, rest = chunk.split(b"\n")
            for end in whole:
                line = b"".join((*parts, end)).strip()
                parts = []
                if line:
                    websocket.send(line.decode(errors="replace"), text=True)
            parts.append(rest)
            chunk = os.read(read_fd, CHUNK)
        if line := b"".join(parts).strip():
            websocket.send(line.decode(errors="replace"), text=True)
    _end_input(connection)


def _end_input(connection: socket.socket) -> None:
    """The daemon then answers what it has got, and closes."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def _write(fd: int, data: bytes) -> None:
    with memoryview(data) as view:
        sent = 0
        while sent < len(data):
            sent += os.write(fd, view[sent:])
