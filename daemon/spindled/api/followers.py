"""The connections that follow a thread: each notification is encoded once for all of them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from spindled.rpc.envelope import encode_notification
from spindled.rpc.errors import ConnectionClosed, RpcError
from spindled_protocol.base import UNSET, Wire
from spindled_protocol.methods import METHODS
from spindled_protocol.types import ServerRequestResolvedNotification

if TYPE_CHECKING:
    from spindled.rpc.connection import Connection, OutgoingRequest

log = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=Wire)


NO_QUESTION = frozenset({"item/tool/call"})
"""Requests that a client answers by itself."""

HELD_BACK = {
    name: method.experimental_fields
    for name, method in METHODS.items()
    if method.kind == "server_notification" and method.experimental_fields
}


class Audience:
    """Connections that are told the same."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []

    def add(self, connection: Connection) -> None:
        if connection not in self.connections:
            self.connections.append(connection)

    def remove(self, connection: Connection) -> bool:
        """False if it did not follow."""
        if connection not in self.connections:
            return False
        self.connections.remove(connection)
        return True

    def publish(self, method: str, params: Wire) -> None:
        frames: dict[bool, bytes] = {}
        held_back = method in HELD_BACK
        for connection in self.connections:
            if connection.wants(method):
                plain = held_back and not connection.client.experimental
                if plain not in frames:
                    frames[plain] = encode_notification(method, without_extensions(method, params) if plain else params)
                connection.send(frames[plain])


class ThreadFollowers(Audience):
    """Implements `agent.ports.Followers` for one thread."""

    def __init__(self, thread_id: str):
        super().__init__()
        self.thread_id = thread_id

    async def writable(self) -> None:
        for connection in tuple(self.connections):
            await connection.wait_writable()

    async def ask(self, method: str, params: Wire, answer: type[Answer]) -> Answer | None:
        """All followers are asked; the first valid answer wins, and each is told that its request is settled.

        What no user is asked is told as settled only where no answer has come.
        """
        asked = [(connection, connection.request(method, params)) for connection in self.connections]
        answers = [asyncio.ensure_future(first_answer(request, answer)) for _, request in asked]
        try:
            for next_answer in asyncio.as_completed(answers):
                given: Answer | None = await next_answer
                if given is not None:
                    return given
            return None
        finally:
            for (connection, request), pending in zip(asked, answers, strict=True):
                if method in NO_QUESTION and pending.done():
                    continue
                pending.cancel()
                request.cancel()
                resolved = ServerRequestResolvedNotification(threadId=self.thread_id, requestId=request.id)
                connection.notify("serverRequest/resolved", resolved)


def without_extensions(method: str, params: Wire) -> Wire:
    """A notification as a client gets it that wants nothing experimental."""
    return msgspec.structs.replace(params, **dict.fromkeys(HELD_BACK[method], UNSET))


async def first_answer(request: OutgoingRequest, answer: type[Any]) -> Any:
    """The decoded answer; None if the client refused, went away or sent something else."""
    try:
        return msgspec.json.decode(await request, type=answer)
    except RpcError as error:
        log.info("the client answered a question with an error: %s", error.message)
    except ConnectionClosed:
        log.info("the client went away while it was asked")
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        log.warning("the client's answer is not understood: %s", error)
    return None
