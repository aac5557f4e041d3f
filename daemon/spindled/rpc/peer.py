"""One JSON-RPC connection: every request in gets exactly one answer, requests out have ids of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from types import CoroutineType
from typing import Any, Protocol

import msgspec

from spindled.rpc.connection import Client, Connection, OutgoingRequest, Then
from spindled.rpc.envelope import (
    Envelope,
    MalformedMessage,
    MessageId,
    decode_envelope,
    encode_error,
    encode_notification,
    encode_response,
)
from spindled.rpc.errors import INVALID_REQUEST, REQUEST_CANCELLED, RpcError, internal_error, overloaded
from spindled.rpc.outbox import MOST_BEHIND, Outbox, Piece
from spindled.rpc.outgoing import OutgoingRequests
from spindled.transport.base import Line, Transport

__all__ = ["Call", "Dispatcher", "Peer"]

Call = Callable[[], Any]
"""A request ready to run: gives its result, a Then, or a coroutine of either."""

MAX_UNREAD = 64 << 20
"""Bytes of unread answers above which no more requests are read.

Far above the bound for producers: a client may write all its requests before it reads the first answer.
"""

MOST_RUNNING = 1 << 14
"""Requests of one client that may be under way at once; more are refused, to be sent again later."""

log = logging.getLogger(__name__)


class Dispatcher(Protocol):
    def request(self, connection: Connection, method: str, params: msgspec.Raw) -> Call:
        """Raises RpcError. Called in the order of arrival, before any later message is looked at."""

    def notification(self, connection: Connection, method: str, params: msgspec.Raw) -> None:
        """Take a notification of the client."""


class Peer:
    """A Connection. `serve` runs it until the client closes; `finish` and `close` end it."""

    def __init__(self, transport: Transport, dispatcher: Dispatcher) -> None:
        self.client = Client()
        self.closed = asyncio.Event()
        self._transport = transport
        self._dispatcher = dispatcher
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(transport)
        self._outgoing = OutgoingRequests()
        self._running: dict[asyncio.Task[Any], tuple[MessageId, str]] = {}
        self._given_up: set[asyncio.Task[Any]] = set()
        self._unstarted = False

    # -- Connection

    def request(self, method: str, params: Any) -> OutgoingRequest:
        if self.closed.is_set():
            return self._outgoing.refused()
        request, frame = self._outgoing.open(method, params)
        self.send(frame)
        return request

    def notify(self, method: str, params: Any) -> None:
        if self.wants(method):
            self.send(encode_notification(method, params))

    def send(self, frame: bytes, piece: Piece | None = None, *, asked_for: bool = False) -> None:
        if not self.closed.is_set():
            self._outbox.put(frame, piece, asked_for=asked_for)

    def wants(self, method: str) -> bool:
        return method not in self.client.opt_out

    @property
    def full(self) -> bool:
        return self._outbox.full

    @property
    def behind(self) -> bool:
        return self._outbox.behind > MOST_BEHIND

    def cancel(self, id: int | str, method: str) -> None:
        for task, request in self._running.items():
            if request == (id, method):
                task.cancel()

    async def wait_writable(self) -> None:
        await self._outbox.wait_writable()

    def drop(self, reason: str) -> None:
        log.warning("disconnected %s: %s; %d bytes were not read", self.name, reason, self._outbox.pending)
        self._outbox.abandon()
        self._transport.close()

    @property
    def name(self) -> str:
        """The client as logs name it."""
        return f"{self.client.name[:100]!r}" if self.client.name else "a client"

    # -- life

    async def serve(self) -> None:
        """Take messages until the end of input."""
        async for lines in self._transport.frames():
            for line in lines:
                self._receive(line)
            if self._outbox.pending > MAX_UNREAD:
                await self._outbox.wait_writable()

    def give_up(self, id: MessageId) -> bool:
        """End a running request because the client asked for it; False if it does not run."""
        tasks = [task for task, (its, _) in self._running.items() if its == id]
        for task in tasks:
            self._given_up.add(task)
            task.cancel()
        return bool(tasks)

    async def finish(self, seconds: float) -> None:
        """Let running requests end; after `seconds` cancel what remains. Each is answered."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def close(self, seconds: float) -> None:
        """Fail what the client has not answered, write what is queued for at most `seconds`, drop the rest."""
        if self.closed.is_set():
            return
        self.closed.set()
        self._outgoing.close()
        try:
            async with asyncio.timeout(seconds):
                await self._outbox.close()
        except TimeoutError:
            log.info("%d bytes were never read", self._outbox.pending)
        finally:
            self._outbox.abandon()
            self._transport.close()

    # -- messages in

    def _receive(self, line: Line) -> None:
        if line is None:
            log.warning("dropped a line that is too long")
            error = RpcError(INVALID_REQUEST, "Invalid request: line too long")
            return self.send(encode_error(None, error), asked_for=True)
        try:
            message = decode_envelope(line)
        except MalformedMessage as malformed:
            log.warning("malformed message of %d bytes: %s", len(line), malformed)
            return self.send(encode_error(malformed.id, malformed.error), asked_for=True)
        if message.method is None:
            return self._outgoing.settle(message)
        if isinstance(message.id, int | str):
            return self._begin(message.id, message.method, message.params)
        return self._notified(message)

    def _notified(self, message: Envelope) -> None:
        assert message.method is not None
        try:
            self._dispatcher.notification(self, message.method, message.params)
        except Exception:
            log.exception("notification failed")

    def _begin(self, id: MessageId, method: str, params: msgspec.Raw) -> None:
        if len(self._running) >= MOST_RUNNING:
            return self._fail(id, method, overloaded())
        try:
            call = self._dispatcher.request(self, method, params)
            if self._unstarted:  # never overtake a request that came before
                return self._spawn(id, method, _later(call))
            result = call()
        except Exception as error:
            return self._fail(id, method, error)
        if type(result) is CoroutineType:
            return self._spawn(id, method, result)
        return self._answer(id, method, result)

    def _spawn(self, id: MessageId, method: str, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._running[task] = id, method
        task.add_done_callback(partial(self._ended, id, method))
        if not self._unstarted:
            self._unstarted = True
            self._loop.call_soon(self._all_started)

    def _all_started(self) -> None:
        # Tasks start in the order of their creation, and no message is read before those of this tick have.
        self._unstarted = False

    # -- answers out

    def _ended(self, id: MessageId, method: str, task: asyncio.Task[Any]) -> None:
        self._running.pop(task, None)
        if task.cancelled():
            asked = task in self._given_up
            text = "the request was cancelled"
            self._fail(id, method, RpcError(REQUEST_CANCELLED, text) if asked else internal_error(text))
        elif error := task.exception():
            self._fail(id, method, error)
        else:
            self._answer(id, method, task.result())
        self._given_up.discard(task)

    def _answer(self, id: MessageId, method: str, result: Any) -> None:
        start = None
        if type(result) is Then:
            result, start = result
        try:
            frame = encode_response(id, result)
        except Exception as error:
            self._fail(id, method, error)
        else:
            self.send(frame, asked_for=True)
        if start is not None:
            self._start(method, start)

    def _start(self, method: str, start: Callable[[], None]) -> None:
        try:
            start()
        except Exception:
            log.exception("%s: what follows its answer failed", method)

    def _fail(self, id: MessageId, method: str, error: BaseException) -> None:
        if not isinstance(error, RpcError):
            log.error("%s failed", method, exc_info=error)
            error = internal_error(f"{method} failed")
        try:
            frame = encode_error(id, error)
        except Exception:
            log.exception("%s: its error cannot be encoded", method)
            frame = encode_error(id, internal_error(f"{method} failed"))
        self.send(frame, asked_for=True)


async def _later(call: Call) -> Any:
    result = call()
    return await result if type(result) is CoroutineType else result
