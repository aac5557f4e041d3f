"""Requests to the client that wait for its answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from spindled.rpc.connection import OutgoingRequest
from spindled.rpc.envelope import ABSENT, Envelope, encode_request
from spindled.rpc.errors import ConnectionClosed, RpcError

__all__ = ["OutgoingRequests"]

log = logging.getLogger(__name__)


class AnswerError(msgspec.Struct):
    """The `error` member of a client's answer, read leniently."""

    code: int | float = 0
    message: str = ""
    data: Any = None


_decode_error = msgspec.json.Decoder(AnswerError).decode


class OutgoingRequests:
    """The id table of one direction: integers from 0, apart from the ids that the client uses."""

    def __init__(self) -> None:
        self._next = 0
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._loop = asyncio.get_running_loop()

    def open(self, method: str, params: Any) -> tuple[OutgoingRequest, bytes]:
        """A new request and its frame."""
        id = self._next
        frame = encode_request(id, method, params)
        self._next += 1
        answer = self._waiting[id] = self._loop.create_future()
        return OutgoingRequest(id, answer), frame

    def refused(self) -> OutgoingRequest:
        """A request on a connection that is gone."""
        answer = self._loop.create_future()
        _fail(answer, ConnectionClosed())
        self._next += 1
        return OutgoingRequest(self._next - 1, answer)

    def settle(self, message: Envelope) -> None:
        """Give an answer to who waits for it; nobody waits for unknown ids and for requests that were cancelled."""
        answer = self._waiting.pop(message.id, None) if isinstance(message.id, int) else None
        if answer is None:
            log.warning("answer to unknown request %.100r", message.id)
        elif answer.done():
            log.info("late answer to request %r", message.id)
        elif message.error is ABSENT or bytes(message.error) == b"null":
            answer.set_result(message.result)
        else:
            _fail(answer, _read_error(message.error))

    def close(self) -> None:
        """Fail all that wait."""
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                _fail(answer, ConnectionClosed())


def _fail(answer: asyncio.Future[msgspec.Raw], error: Exception) -> None:
    answer.set_exception(error)
    answer.exception()  # nobody has to look at it


def _read_error(raw: msgspec.Raw) -> RpcError:
    try:
        error = _decode_error(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return RpcError(0, "malformed error")
    return RpcError(int(error.code), error.message, error.data)
