"""What the layers above may do with a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol

import msgspec

from spindled.rpc.outbox import Piece

__all__ = ["Client", "Connection", "OutgoingRequest", "Then"]


class Then(NamedTuple):
    """A handler's result, and what may start only once that result is queued on the wire."""

    result: Any
    start: Callable[[], None]


class Client(msgspec.Struct, frozen=True):
    """Who is on the other side, as told at `initialize`."""

    name: str = ""
    version: str = ""
    title: str | None = None
    experimental: bool = False
    opt_out: frozenset[str] = frozenset()


class OutgoingRequest:
    """A request to the client. Await it for the raw JSON of the result.

    Raises RpcError if the client answers with an error, ConnectionClosed if it goes away. Cancelling the await, or
    `cancel`, gives the answer up: it is dropped when it comes.
    """

    __slots__ = ("_answer", "id")

    def __init__(self, id: int, answer: asyncio.Future[msgspec.Raw]) -> None:
        self.id = id
        self._answer = answer

    def __await__(self) -> Generator[Any, None, msgspec.Raw]:
        return self._answer.__await__()

    def cancel(self) -> None:
        self._answer.cancel()


class Connection(Protocol):
    """One client. Sending never blocks; what is sent after the end is dropped."""

    client: Client
    closed: asyncio.Event

    def request(self, method: str, params: Any) -> OutgoingRequest:
        """Ask the client."""

    def notify(self, method: str, params: Any) -> None:
        """Tell the client, unless it opted out of `method`."""

    def send(self, frame: bytes, piece: Piece | None = None, *, asked_for: bool = False) -> None:
        """Queue a frame made by `encode_notification`; ask `wants` first.

        `piece`: what the frame tells, if a slow client may get it merged with what comes before or after.
        `asked_for`: the client wants this now, however much it is; it does not count as being behind.
        """

    def wants(self, method: str) -> bool:
        """False if the client opted out of this notification."""

    @property
    def full(self) -> bool:
        """Whether `wait_writable` would wait."""

    @property
    def behind(self) -> bool:
        """Whether too much of what was not asked for waits for this client."""

    def drop(self, reason: str) -> None:
        """Disconnect a client that cannot be served; what waits for it is lost. `reason` is for the log."""

    def cancel(self, id: int | str, method: str) -> None:
        """End the client's own request of that method, if it still runs; it is answered all the same."""

    async def wait_writable(self) -> None:
        """For producers: return when the client has read enough of what is queued, or has gone."""
