"""Connections in memory, for tests of what the api does with several of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec

from spindled.api.followers.audience import Audience
from spindled.api.followers.eventlog import EventLog, Events
from spindled.api.followers.followers import ThreadFollowers
from spindled.rpc.connection import Client, OutgoingRequest
from spindled.rpc.envelope import encode_notification
from spindled.rpc.errors import ConnectionClosed, RpcError
from spindled.rpc.outbox import Piece


def following(*connections: FakeConnection, audience: Audience | None = None) -> ThreadFollowers:
    """The followers of the thread `t`."""
    followers = ThreadFollowers("t", EventLog(Events()), audience or Audience())
    for connection in connections:
        followers.add(connection)
    return followers


class FakeConnection:
    """Implements rpc.connection.Connection; `answer`, `refuse` and `leave` are what its client does."""

    def __init__(self, *opt_out: str, experimental: bool = False) -> None:
        self.client = Client(name="tests", experimental=experimental, opt_out=frozenset(opt_out))
        self.closed = asyncio.Event()
        self.frames: list[bytes] = []
        self.questions: list[tuple[int, str, asyncio.Future[msgspec.Raw]]] = []
        self.asked_for: list[Any] = []
        self.asked = asyncio.Event()
        self.readable = asyncio.Event()
        self.readable.set()
        self.behind = False
        self.pieces: list[Piece | None] = []
        self.dropped = ""
        self.on_question: Callable[[], None] = lambda: None

    def request(self, method: str, params: Any) -> OutgoingRequest:
        future: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        number = len(self.questions)
        self.questions.append((number, method, future))
        self.asked_for.append(msgspec.to_builtins(params))
        self.asked.set()
        self.on_question()
        return OutgoingRequest(number, future)

    def notify(self, method: str, params: Any) -> None:
        if self.wants(method):
            self.send(encode_notification(method, params))

    def send(self, frame: bytes, piece: Piece | None = None, *, asked_for: bool = False) -> None:
        self.frames.append(frame)
        self.pieces.append(piece)

    def drop(self, reason: str) -> None:
        self.dropped = reason

    def wants(self, method: str) -> bool:
        return method not in self.client.opt_out

    @property
    def full(self) -> bool:
        return not self.readable.is_set()

    def cancel(self, id: int | str, method: str) -> None:
        raise NotImplementedError

    async def wait_writable(self) -> None:
        await self.readable.wait()

    # -- the client

    def answer(self, result: Any) -> None:
        self.questions[-1][2].set_result(msgspec.Raw(json.dumps(result).encode()))

    def refuse(self) -> None:
        self._fail(RpcError(-32000, "no"))

    def leave(self) -> None:
        self._fail(ConnectionClosed())
        self.closed.set()

    def _fail(self, error: Exception) -> None:
        future = self.questions[-1][2]
        future.set_exception(error)
        future.exception()

    @property
    def methods(self) -> list[str]:
        return [json.loads(frame)["method"] for frame in self.frames]

    def told(self, method: str) -> list[Any]:
        messages = [json.loads(frame) for frame in self.frames]
        return [message["params"] for message in messages if message["method"] == method]
