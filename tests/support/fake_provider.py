"""A model provider on loopback that does what the test scripts, byte by byte.

    async with FakeProvider() as fake:
        fake.script(stream(message("hello", deltas=3)), answer(500, {"error": {"message": "boom"}}))
        ...                                   # point a client at fake.base_url
        assert fake.requests[0].json["model"] == "m"

Each request takes the first scripted reply whose `match` its body contains; when none is left, `fake.default` answers.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from tests.support.fake_items import Event, Hold, Item, Json, Pause, message

NO_USAGE: Json = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


class End(Enum):
    """How the connection goes on after the last step of a reply."""

    WHOLE = "the body ends as HTTP wants it and the connection stays open"
    CLOSE = "as WHOLE, then the connection is closed"
    CUT = "the connection is closed before the body has ended"
    MID_CHUNK = "the connection is closed within a chunk"
    RESET = "the connection is reset (RST)"
    STALL = "nothing more comes until the client goes"


@dataclass
class Reply:
    """One scripted answer: its steps are bytes for the socket, holds and pauses; `steps` may need the response's id."""

    steps: Callable[[str], list[bytes | Hold | Pause]]
    end: End = End.WHOLE
    match: bytes = b""
    head: bytes = b""  # written first; bytes steps are framed as HTTP chunks if it says so
    chunked: bool = False
    before: Hold | None = None  # waited for before anything is written


@dataclass
class Request:
    """One request as it arrived, `at` seconds of the monotonic clock. `gone` is set when the client has left the
    connection it came on, `answered` when nothing more is written in answer to it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def stream(
    *items: Item,
    usage: Json | None = None,
    status: str = "completed",
    output: list[Json] | None = None,
    end: End = End.WHOLE,
    stop_after: int | None = None,
    sizes: int | Sequence[int] | None = None,
    drip: float = 0.0,
    line_end: bytes = b"\n",
    compress: bool = False,
    headers: Mapping[str, str] | None = None,
    match: str = "",
    **response: Any,
) -> Reply:
    """An event stream of these items and the terminal event for `status` (completed, incomplete, failed, "" for none).

    `response` are further members of the terminal response (`error=`, `incomplete_details=`, `end_turn=` ...), `output`
    replaces its items. `stop_after` events nothing more is sent. `sizes` cuts the bytes into chunks of that size, or of
    these sizes in turn; `drip` seconds pass between chunks.
    """

    def steps(response_id: str) -> list[bytes | Hold | Pause]:
        events: list[Event | Hold | Pause] = [_frame("created", {"id": response_id, "status": "in_progress"})]
        finals = []
        for index, item in enumerate(items):
            streamed = item(index, response_id)
            events += streamed.steps
            finals += [streamed.final] if streamed.final else []
        if status:
            whole = {"output": finals if output is None else output, "usage": usage or NO_USAGE, **response}
            events.append(_frame(status, {"id": response_id, "status": status, **whole}))
        return [step if isinstance(step, Hold | Pause) else sse(step, line_end) for step in events[:stop_after]]

    return event_stream(steps, end=end, sizes=sizes, drip=drip, compress=compress, headers=headers, match=match)


def event_stream(
    steps: Callable[[str], list[bytes | Hold | Pause]],
    *,
    end: End = End.WHOLE,
    sizes: int | Sequence[int] | None = None,
    drip: float = 0.0,
    compress: bool = False,
    headers: Mapping[str, str] | None = None,
    match: str = "",
) -> Reply:
    """A chunked answer of these encoded events; shaped as with `stream`."""
    fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked", **(headers or {})}
    if compress:
        fields["content-encoding"] = "gzip"
    return Reply(
        lambda response_id: _shaped(steps(response_id), sizes, drip, compress),
        end,
        match.encode(),
        head(200, fields),
        chunked=True,
    )


def answer(
    status: int,
    body: Json | str | bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
    compress: bool = False,
    match: str = "",
    end: End = End.WHOLE,
) -> Reply:
    """A plain answer: a JSON body if it is a dict."""
    kind = "application/json" if isinstance(body, dict) else "text/html"
    data = json.dumps(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body
    if compress:
        data = gzip.compress(data)
    fields = {"content-type": kind, "content-length": str(len(data)), **(headers or {})}
    if compress:
        fields["content-encoding"] = "gzip"
    return Reply(lambda _id: [data], end, match.encode(), head(status, fields))


def raw(*steps: bytes | Hold | Pause, end: End = End.CLOSE, match: str = "") -> Reply:
    """Exactly these bytes on the socket, the status line included; none at all with End.CUT or End.RESET."""
    return Reply(lambda _id: list(steps), end, match.encode())


def sse(fields: Event, line_end: bytes = b"\n") -> bytes:
    """One event as bytes."""
    data = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    return b"event: %s%sdata: %s%s%s" % (fields["type"].encode(), line_end, data, line_end, line_end)


def head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class FakeProvider:
    """The server. Use it as an async context manager; leaving it closes every connection.

    `choose`: asked first for the reply to a request; None leaves it to the script.
    """

    def __init__(self, choose: Callable[[Request], Reply | None] = lambda _request: None) -> None:
        self.choose = choose
        self.replies: list[Reply] = []
        self.default: Reply = stream(message("ok"))
        self.requests: list[Request] = []
        self.models: list[str] = ["fake-model"]
        self.connections = 0
        self.open_replies = 0
        self.most_open_replies = 0
        self._server: asyncio.Server | None = None
        self._others: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self._released: dict[str, asyncio.Event] = {}
        self._reached: dict[str, asyncio.Event] = {}
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=1 << 26, backlog=512)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        servers = [self._server, *self._others]
        for server in servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in servers:
            await server.wait_closed()

    async def also_on(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        """Serve on one more socket, until the server that is given is closed or all are."""
        server = await asyncio.start_server(self._connected, sock=listener, ssl=tls, limit=1 << 26)
        self._others.append(server)
        return server

    @property
    def base_url(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}/v1"

    def script(self, *replies: Reply) -> None:
        """Queue replies; each answers one request."""
        self.replies += replies

    def release(self, name: str) -> None:
        """Let every reply that waits on this hold, now or later, go on."""
        self._released.setdefault(name, asyncio.Event()).set()

    async def reached(self, name: str) -> None:
        """Wait until a reply has come to this hold: all bytes before it are sent."""
        await self._reached.setdefault(name, asyncio.Event()).wait()

    async def wait_requests(self, count: int) -> None:
        """Wait until so many requests have arrived in all."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)

    @property
    def open_connections(self) -> int:
        return len(self._tasks)

    @property
    def tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks of the server itself, for tests that count their own."""
        return {*self._tasks, *self._watches}

    # -- one connection --------------------------------------------------------------------------------------------

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request: Request | None = None
        try:
            while (request := await read_request(reader)) is not None:
                reply = await self._arrive(request)
                gone = asyncio.create_task(_until_eof(reader, request))
                self._watches.add(gone)
                try:
                    if not await self._play(reply, writer, gone):
                        break
                finally:
                    request.answered.set()
                    gone.cancel()
                    with suppress(asyncio.CancelledError):
                        await gone
                    self._watches.discard(gone)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if request is not None:
                request.gone.set()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _arrive(self, request: Request) -> Reply:
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        if request.method == "GET" and request.path.endswith("/models"):
            return answer(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})
        if (chosen := self.choose(request)) is not None:
            return chosen
        for reply in self.replies:
            if reply.match in request.body:
                self.replies.remove(reply)
                return reply
        return self.default

    async def _play(self, reply: Reply, writer: asyncio.StreamWriter, gone: asyncio.Task[None]) -> bool:
        """Whether the connection is good for another request."""
        self.open_replies += 1
        self.most_open_replies = max(self.most_open_replies, self.open_replies)
        try:
            if reply.before is not None and not await self._waited(reply.before, gone):
                return False
            writer.write(reply.head)
            for step in reply.steps(f"resp_{len(self.requests)}"):
                if isinstance(step, bytes):
                    writer.write(b"%x\r\n%s\r\n" % (len(step), step) if reply.chunked else step)
                    await writer.drain()
                elif not await self._waited(step, gone):
                    return False
            return await self._end(reply, writer, gone)
        finally:
            self.open_replies -= 1

    async def _waited(self, step: Hold | Pause, gone: asyncio.Task[None]) -> bool:
        """False if the client left meanwhile."""
        if isinstance(step, Hold):
            self._reached.setdefault(step.name, asyncio.Event()).set()
            wait: Awaitable[object] = self._released.setdefault(step.name, asyncio.Event()).wait()
        else:
            wait = asyncio.sleep(step.seconds)
        waiting = asyncio.ensure_future(wait)
        try:
            await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        return not gone.done()

    async def _end(self, reply: Reply, writer: asyncio.StreamWriter, gone: asyncio.Task[None]) -> bool:
        if reply.end is End.STALL:
            await gone
            return False
        if reply.end is End.RESET:
            link: socket.socket = writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        if reply.end is End.MID_CHUNK:
            writer.write(b"400\r\nevent: response.output_text.del")
        elif reply.chunked and reply.end is not End.CUT:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return reply.end is End.WHOLE


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, None at its end."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = text.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, body)


async def _until_eof(reader: asyncio.StreamReader, request: Request) -> None:
    with suppress(ConnectionError):
        await reader.read(1)
    request.gone.set()


def _frame(state: str, response: Json) -> Event:
    return {"type": f"response.{state}", "response": {"object": "response", **response}}


def _shaped(
    steps: list[bytes | Hold | Pause], sizes: int | Sequence[int] | None, drip: float, compress: bool
) -> list[bytes | Hold | Pause]:
    """The same bytes, compressed and cut as asked; holds and pauses stay where they are."""
    packer = zlib.compressobj(wbits=31) if compress else None
    shaped: list[bytes | Hold | Pause] = []
    for step in steps:
        if not isinstance(step, bytes):
            shaped.append(step)
            continue
        if packer is not None:
            step = packer.compress(step) + packer.flush(zlib.Z_SYNC_FLUSH)
        for piece in _pieces(step, sizes):
            shaped += [piece, Pause(drip)] if drip else [piece]
    if packer is not None:
        shaped.append(packer.flush())
    return shaped


def _pieces(data: bytes, sizes: int | Sequence[int] | None) -> list[bytes]:
    if sizes is None:
        return [data]
    cycle = [sizes] if isinstance(sizes, int) else list(sizes)
    pieces: list[bytes] = []
    start = 0
    while start < len(data):
        size = cycle[len(pieces) % len(cycle)]
        pieces.append(data[start : start + size])
        start += size
    return pieces
