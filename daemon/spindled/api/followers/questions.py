"""A question to the clients that follow a thread: whoever answers first answers for all."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.rpc.errors import ConnectionClosed, RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.methods import METHODS
from spindled_protocol.types import ServerRequestResolvedNotification

if TYPE_CHECKING:
    from spindled.rpc.connection import Connection, OutgoingRequest
    from spindled_protocol.base import Wire

__all__ = ["RETURN_SECONDS", "Question"]

RETURN_SECONDS = 5.0
"""How long a question waits for a client to come back when the last one has gone."""

NO_QUESTION = frozenset({"item/tool/call"})
"""Requests that a client answers by itself: who did is not told that it is settled."""

HELD_BACK = {
    method.name: method.experimental_fields
    for method in METHODS.values()
    if method.kind == "server_request" and method.experimental_fields
}

log = logging.getLogger(__name__)


class Question:
    """Open until `answer` returns. `after`: the number of the thread's last event before it."""

    def __init__(self, thread_id: str, method: str, params: Wire, answer: type[Wire], after: int) -> None:
        self.after = after
        self._thread_id = thread_id
        self._method = method
        self._params = params
        self._type = answer
        self._loop = asyncio.get_running_loop()
        self._settled: asyncio.Future[Any] = self._loop.create_future()
        self._asked: dict[Connection, OutgoingRequest] = {}
        self._hearing: set[asyncio.Task[None]] = set()
        self._giving_up: asyncio.TimerHandle | None = None

    async def answer(self) -> Any:
        """The first valid answer; None if there is none to be had. Each who was asked hears that it is settled."""
        try:
            return await self._settled
        finally:
            self._settled.cancel()
            self._keep_open()
            for connection in tuple(self._asked):
                self._resolve(connection)

    def ask(self, connection: Connection) -> None:
        """Once each."""
        if connection in self._asked or self._settled.done():
            return
        self._keep_open()
        params = self._params if connection.client.experimental else without_extensions(self._method, self._params)
        request = self._asked[connection] = connection.request(self._method, params)
        task = self._loop.create_task(self._hear(connection, request), name=f"ask {self._method}")
        self._hearing.add(task)
        task.add_done_callback(self._hearing.discard)

    def ask_late(self, connection: Connection) -> None:
        """Who comes to follow is asked too; but what a client is running already is not run a second time."""
        if not (self._method in NO_QUESTION and self._asked):
            self.ask(connection)

    def withdraw(self, connection: Connection) -> None:
        """Who does not follow any more is not asked any more."""
        if connection in self._asked:
            self._resolve(connection)
            self.wait_for_somebody(RETURN_SECONDS)

    def wait_for_somebody(self, seconds: float) -> None:
        """Give up after a while, if nobody is asked by then."""
        if not self._asked and self._giving_up is None:
            self._giving_up = self._loop.call_later(seconds, partial(self._settle, None))

    async def _hear(self, connection: Connection, request: OutgoingRequest) -> None:
        given: Any = None
        try:
            given = msgspec.json.decode(await request, type=self._type)
        except ConnectionClosed:
            log.info("a client went away while it was asked")
            self._asked.pop(connection, None)
            return self.wait_for_somebody(RETURN_SECONDS)
        except RpcError as error:
            log.info("a client answered a question with an error: %s", error.message)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            log.warning("a client's answer is not understood: %s", error)
        if self._method in NO_QUESTION:
            self._asked.pop(connection, None)
        elif given is None:
            self._resolve(connection)
        if given is not None or not self._asked:
            self._settle(given)
        return None

    def _resolve(self, connection: Connection) -> None:
        request = self._asked.pop(connection)
        request.cancel()
        notice = ServerRequestResolvedNotification(threadId=self._thread_id, requestId=request.id)
        connection.notify("serverRequest/resolved", notice)

    def _settle(self, given: Any) -> None:
        if not self._settled.done():
            self._settled.set_result(given)

    def _keep_open(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


def without_extensions(method: str, params: Wire) -> Wire:
    """A question as a client gets it that wants nothing experimental."""
    return msgspec.structs.replace(params, **dict.fromkeys(HELD_BACK.get(method, ()), UNSET))
