"""Text frames of a websocket over a connected socket, one message each."""

from __future__ import annotations

import http
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from spindled.transport.base import LOW_WATER, MAX_LINE, Line
from spindled.transport.stdio import Reader, Writer

__all__ = ["Admit", "Reply", "WebSocketTransport"]

KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds, seconds and a count: a peer whose machine is gone is found out in two minutes."""

log = logging.getLogger(__name__)


class Reply(NamedTuple):
    """A plain HTTP answer instead of a websocket."""

    status: int
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


Admit: TypeAlias = Callable[[str, str, Mapping[str, str]], Reply | None]
"""Takes method, path and headers (names in any case) of a request; None lets it become a websocket."""


class WebSocketTransport:
    """Owns the socket. Must be created within a running loop; nothing else may be called before `open` gave True."""

    def __init__(self, connection: socket.socket, limit: int = MAX_LINE) -> None:
        prepare(connection)
        fd = connection.detach()
        self._reader = Reader(fd)
        self._writer = Writer(os.dup(fd), self._reader.end)
        self._protocol = ServerProtocol(max_size=limit)
        self._parts: list[bytes] = []

    async def open(self, admit: Admit) -> bool:
        """The opening handshake. False: refused, and answered where there was a request."""
        request = None
        while request is None:
            chunk = await self._reader.read()
            if not chunk or self._protocol.handshake_exc is not None:
                return False
            self._protocol.receive_data(chunk)
            events = self._protocol.events_received()
            self._send()
            if len(events) > 1:
                return False  # frames before there is a websocket
            request = next(iter(events), None)
        assert isinstance(request, Request)
        reply = admit(request.method, request.path.partition("?")[0], request.headers)
        response = self._protocol.accept(request) if reply is None else self._protocol.reject(reply.status, reply.text)
        for name, value in reply.headers if reply is not None else ():
            response.headers[name] = value
        self._protocol.send_response(response)
        self._send()
        await self._writer.wait_below(0)
        return response.status_code == http.HTTPStatus.SWITCHING_PROTOCOLS

    @property
    def pending(self) -> int:
        return len(self._writer.buffer)

    async def frames(self) -> AsyncIterator[list[Line]]:
        while self._protocol.state is State.OPEN and (chunk := await self._reader.read()):
            self._protocol.receive_data(chunk)
            lines = self._lines()
            self._send()
            if lines:
                yield lines
        if isinstance(error := self._protocol.parser_exc, Exception):
            log.warning("a websocket was closed: %s", error)

    def write(self, data: bytes) -> None:
        if self._protocol.state is State.OPEN:
            for line in data.split(b"\n"):
                if line:
                    self._protocol.send_text(line)
            self._send()

    async def drain(self) -> None:
        await self._writer.wait_below(LOW_WATER)

    async def flush(self) -> None:
        await self._writer.wait_below(0)

    def close(self) -> None:
        if not self._writer.buffer:
            with suppress(InvalidState):
                self._protocol.send_close(CloseCode.GOING_AWAY)
                self._send()
        self._writer.close()
        self._reader.close()

    def _lines(self) -> list[Line]:
        """The messages that have become whole."""
        lines: list[Line] = []
        for frame in self._protocol.events_received():
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.BINARY:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "text frames only")
                break
            if frame.opcode in (Opcode.TEXT, Opcode.CONT):
                self._parts.append(bytes(frame.data))
                if frame.fin:
                    lines.append(b"".join(self._parts))
                    self._parts.clear()
        return [line for line in lines if line]

    def _send(self) -> None:
        self._writer.write(b"".join(self._protocol.data_to_send()))


def prepare(connection: socket.socket) -> None:
    connection.setblocking(False)
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if option := getattr(socket, name, None):  # not every system has them all
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
