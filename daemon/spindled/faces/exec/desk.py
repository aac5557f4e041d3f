"""The client of a run without one: it writes down what it is told, and answers every question with a no."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, NamedTuple

import msgspec

from spindled.rpc.connection import Client, OutgoingRequest
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.rpc.outbox import Piece

__all__ = ["Desk", "Told"]


class Told(NamedTuple):
    """A notification as JSON."""

    method: str
    params: dict[str, Any]


class Desk:
    """Implements `rpc.connection.Connection` within the process. `told` holds what came, in order."""

    def __init__(self, client: Client, wanted: frozenset[str]) -> None:
        self.client = client
        self.closed = asyncio.Event()
        self.told: asyncio.Queue[Told] = asyncio.Queue()
        self._wanted = wanted
        self._ids = itertools.count(1)

    def request(self, method: str, params: Any) -> OutgoingRequest:
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        answer.set_exception(RpcError(INVALID_REQUEST, f"{method}: nobody is there to ask"))
        return OutgoingRequest(next(self._ids), answer)

    def notify(self, method: str, params: Any) -> None:
        if self.wants(method):
            self.told.put_nowait(Told(method, msgspec.to_builtins(params)))

    def send(self, frame: bytes, piece: Piece | None = None, *, asked_for: bool = False) -> None:
        message = msgspec.json.decode(frame)
        self.told.put_nowait(Told(message["method"], message["params"]))

    def wants(self, method: str) -> bool:
        return method in self._wanted

    @property
    def full(self) -> bool:
        return False

    @property
    def behind(self) -> bool:
        return False

    def drop(self, reason: str) -> None:
        """Nobody is too slow here."""

    def cancel(self, id: int | str, method: str) -> None:
        """Calls from here have no ids."""

    async def wait_writable(self) -> None:
        """What is wanted here is little: no deltas."""
