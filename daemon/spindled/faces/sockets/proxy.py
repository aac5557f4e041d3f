"""`spindled app-server proxy`: stdin and stdout are joined with a daemon that listens on a socket.

The first byte decides what is spoken on stdin. `{` is one message a line: any client that spawns a server then shares
the daemon with others. Everything else is passed on byte by byte, as the reference does it: a websocket client at the
other end of, say, an ssh connection does its own handshake.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.uri import parse_uri

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
    websocket = Websocket(connection)
    websocket.open()
    Thread(target=_send_lines, args=(websocket, connection, first, read_fd), daemon=True).start()
    for part in websocket.messages():
        _write(write_fd, part)


def _send_lines(websocket: Websocket, connection: socket.socket, first: bytes, read_fd: int) -> None:
    with suppress(OSError, InvalidState):
        parts, chunk = [b""], first
        while chunk:
            *whole, rest = chunk.split(b"\n")
            for end in whole:
                websocket.send(b"".join((*parts, end)).strip())
                parts = []
            parts.append(rest)
            chunk = os.read(read_fd, CHUNK)
        websocket.send(b"".join(parts).strip())
    _end_input(connection)


class Websocket:
    """A client's end. One thread may send while another one receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._protocol = ClientProtocol(parse_uri("ws://localhost/"), max_size=None)
        self._early: list[Event] = []
        self._lock = Lock()
        self._sending = Lock()

    def open(self) -> None:
        """Raises WebSocketException, OSError."""
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while not self._early:
            self._early = self._receive() or []
            if self._protocol.handshake_exc is not None:
                raise self._protocol.handshake_exc
        del self._early[0]  # the answer to the handshake

    def send(self, line: bytes) -> None:
        """One message; nothing if it is empty."""
        if line:
            with self._sending:
                with self._lock:
                    self._protocol.send_text(line)
                    data = self._protocol.data_to_send()
                self._connection.sendall(b"".join(data))

    def messages(self) -> Iterator[bytes]:
        """Lines, in pieces; ends when the other side closes."""
        events: list[Event] | None = self._early
        while events is not None:
            for event in events:
                if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
                    yield bytes(event.data)
                    if event.fin:
                        yield b"\n"
            events = self._receive()

    def _receive(self) -> list[Event] | None:
        """What came; None at the end."""
        data = self._connection.recv(CHUNK)
        with self._lock:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            events = self._protocol.events_received()
        with suppress(OSError):  # we may have ended our side, and what came still counts
            self._flush()
        return events if data else None

    def _flush(self) -> None:
        with self._lock:
            data = b"".join(self._protocol.data_to_send())
        if data:
            with self._sending:
                self._connection.sendall(data)


def _end_input(connection: socket.socket) -> None:
    """The daemon then answers what it has got, and closes."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def _write(fd: int, data: bytes) -> None:
    with memoryview(data) as view:
        sent = 0
        while sent < len(data):
            sent += os.write(fd, view[sent:])
