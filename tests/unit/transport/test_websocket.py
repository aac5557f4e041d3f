"""Messages over a websocket, however its frames and bytes were cut."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.uri import parse_uri

from spindled.transport.base import Line
from spindled.transport.websocket import Reply, WebSocketTransport

LIMIT = 1000


class Client:
    """The other end, frame by frame."""

    def __init__(self, connection: socket.socket) -> None:
        self.protocol = ClientProtocol(parse_uri("ws://localhost/"), max_size=None)
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._events: list[Any] = []

    async def send(self, pieces: int | None = None) -> None:
        """What the protocol has to send, at once or in so many pieces of a few bytes."""
        data = b"".join(self.protocol.data_to_send())
        size = max(1, -(-len(data) // pieces)) if pieces else len(data)
        for start in range(0, len(data), size):
            await self._loop.sock_sendall(self._connection, data[start : start + size])
            await asyncio.sleep(0)

    async def next(self) -> Any:
        """A frame, or the answer to the handshake; None at the end."""
        while not self._events:
            data = await self._loop.sock_recv(self._connection, 1 << 16)
            if not data:
                return None
            self.protocol.receive_data(data)
            self._events += self.protocol.events_received()
        return self._events.pop(0)


@asynccontextmanager
async def connected(reply: Reply | None = None) -> AsyncIterator[tuple[WebSocketTransport, Client]]:
    near, far = socket.socketpair()
    far.setblocking(False)
    with far:
        transport, client = WebSocketTransport(near, LIMIT), Client(far)
        try:
            client.protocol.send_request(client.protocol.connect())
            await client.send(7)
            assert await transport.open(lambda method, path, headers: reply) is (reply is None)
            await client.next()  # the answer
            yield transport, client
        finally:
            transport.close()


async def received(transport: WebSocketTransport, count: int) -> list[Line]:
    lines: list[Line] = []
    async for batch in transport.frames():
        lines += batch
        if len(lines) >= count:
            break
    return lines


def cut(text: bytes, places: list[int]) -> Iterator[bytes]:
    ends = sorted({place % (len(text) + 1) for place in places} | {len(text)})
    for start, end in zip([0, *ends], ends, strict=False):
        yield text[start:end]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=200)


@given(
    st.lists(st.tuples(texts, st.lists(st.integers(0, 500), max_size=4)), min_size=1, max_size=8), st.integers(1, 40)
)
def test_messages_come_whole_and_in_order(messages: list[tuple[str, list[int]]], pieces: int) -> None:
    async def run() -> list[Line]:
        async with connected() as (transport, client):
            for text, places in messages:
                *first, last = cut(text.encode(), places)
                for number, part in enumerate(first):
                    frame = Frame(Opcode.CONT if number else Opcode.TEXT, part, fin=False)
                    client.protocol.send_frame(frame)
                client.protocol.send_frame(Frame(Opcode.CONT if first else Opcode.TEXT, last))
                client.protocol.send_ping(b"between")
            await client.send(pieces)
            return await received(transport, len(messages))

    assert asyncio.run(run()) == [text.encode() for text, _ in messages]


async def test_each_line_is_a_frame_of_text() -> None:
    async with connected() as (transport, client):
        transport.write(b'{"a":1}\n{"b":"\xc3\xa4"}\n')
        frames = [await client.next() for _ in range(2)]
        assert [(frame.opcode, frame.data) for frame in frames] == [
            (Opcode.TEXT, b'{"a":1}'),
            (Opcode.TEXT, b'{"b":"\xc3\xa4"}'),
        ]


@pytest.mark.parametrize("parts", [1, 2])
async def test_one_that_is_too_large_ends_the_connection(parts: int, caplog: pytest.LogCaptureFixture) -> None:
    async with connected() as (transport, client):
        for number in range(parts):
            opcode = Opcode.CONT if number else Opcode.TEXT
            client.protocol.send_frame(Frame(opcode, b"x" * (LIMIT // parts + 1), fin=number == parts - 1))
        await client.send()
        assert await received(transport, 1) == []
        told = await client.next()
        assert (told.opcode, Close.parse(told.data).code) == (Opcode.CLOSE, CloseCode.MESSAGE_TOO_BIG)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_who_is_refused_gets_an_answer_and_no_websocket() -> None:
    async with connected(Reply(401, "who are you", (("WWW-Authenticate", "Bearer"),))) as (_, client):
        answer = client.protocol.handshake_exc
        assert answer is not None
        response = answer.response  # type: ignore[attr-defined]
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert response.body == b"who are you"


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"\x00\r\n\r\n", b"POST / HTTP/1.0\r\n\r\n", b"A" * 100_000])
async def test_what_is_no_handshake_opens_nothing(said: bytes) -> None:
    near, far = socket.socketpair()
    with far:
        transport = WebSocketTransport(near, LIMIT)
        far.sendall(said)
        far.shutdown(socket.SHUT_WR)
        assert not await transport.open(lambda method, path, headers: None)
        transport.close()
