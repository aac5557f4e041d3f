"""A small HTTP/1.1 server on asyncio streams: keep-alive, chunked answers, bounded requests."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from msgspec import Struct

MOST_HEAD_BYTES = 1 << 16
MOST_BODY_BYTES = 1 << 27


class Request(Struct, frozen=True):
    method: str
    path: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


_UNREAD = Request("", "", {}, b"")


class Exchange:
    """One request and the answer to it: `send`, or `begin`, `write` ..., `end`, or `reset`."""

    def __init__(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer

    async def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; JSON unless the headers say otherwise."""
        head = {"Content-Type": "application/json", **(headers or {}), "Content-Length": str(len(body))}
        self._start(status, head)
        self._writer.write(body)
        await self._writer.drain()

    async def begin(self, content_type: str) -> None:
        """The head of a chunked answer, sent at once."""
        head = {"Content-Type": content_type, "Cache-Control": "no-store", "Transfer-Encoding": "chunked"}
        self._start(200, head)
        await self._writer.drain()

    async def write(self, chunk: bytes) -> None:
        self._writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        await self._writer.drain()

    async def end(self) -> None:
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def client_gone(self) -> None:
        """Returns when the client closes its end."""
        while await self._reader.read(MOST_HEAD_BYTES):
            pass

    def _start(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


Handler = Callable[[Exchange], Awaitable[None]]


class BadRequest(Exception):
    """The bytes are no request that this server takes; `status` is the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class HttpServer:
    """Serves a handler on loopback and owns every connection until `close`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listens on 127.0.0.1 and returns the port. Raises OSError."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=MOST_HEAD_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Ends all connections, whatever they are doing. May be called twice."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # accepted by the loop just before it was closed
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._exchanges(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _exchanges(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection, one after the other."""
        try:
            while (request := await _read_request(reader, writer)) is not None:
                await self._handler(Exchange(request, reader, writer))
                if request.headers.get("connection", "").lower() == "close" or writer.is_closing():
                    return
        except BadRequest as error:
            await Exchange(_UNREAD, reader, writer).send(error.status, b"{}", {"Connection": "close"})


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request; None when the client has closed. Raises BadRequest, IncompleteReadError, ConnectionError."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    method, path, headers = _parse_head(head)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(method, path, headers, await _read_body(reader, headers))


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    start, *lines = head[:-4].decode("latin-1").split("\r\n")
    parts = start.split(" ")
    if len(parts) != 3 or parts[2] != "HTTP/1.1":
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    fields = [line.partition(":") for line in lines]
    if not all(name and colon for name, colon, _ in fields):
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    return parts[0], parts[1].partition("?")[0], {name.lower(): value.strip() for name, _, value in fields}


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("content-encoding", "identity") != "identity":
        raise BadRequest(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    return await reader.readexactly(_bounded(int(length)))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        try:
            size = int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16)
        except (ValueError, asyncio.LimitOverrunError):
            raise BadRequest(HTTPStatus.BAD_REQUEST) from None
        if size < 0:
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        _bounded(len(body) + size)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return bytes(body)
        body += await reader.readexactly(size)
        await reader.readexactly(2)


def _bounded(size: int) -> int:
    if size > MOST_BODY_BYTES:
        raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return size


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
