"""Messages to bytes and back. Every encoder returns a whole frame, line end included."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from spindled.rpc.errors import INVALID_REQUEST, PARSE_ERROR, ErrorObject, RpcError

__all__ = [
    "ABSENT",
    "Envelope",
    "MalformedMessage",
    "MessageId",
    "decode_envelope",
    "encode_error",
    "encode_notification",
    "encode_request",
    "encode_response",
    "without_last",
]

MessageId = int | str

ABSENT = msgspec.Raw(b"")
"""A member that the message does not have; compare with `is`."""


class Envelope(msgspec.Struct, gc=False):
    """Any incoming message; the members that carry content stay undecoded."""

    id: int | str | msgspec.UnsetType | None = msgspec.UNSET
    method: str | None = None
    params: msgspec.Raw = ABSENT
    result: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class Request(msgspec.Struct, gc=False):
    method: str
    id: int
    params: Any


class Notification(msgspec.Struct, gc=False):
    method: str
    params: Any
    emittedAtMs: int


class Response(msgspec.Struct, gc=False):
    id: MessageId
    result: Any


class Failure(msgspec.Struct, gc=False):
    id: MessageId | None
    error: ErrorObject


class MalformedMessage(Exception):
    """A line that is no message of ours: answered with `error` under `id` (None: it has none that can be used)."""

    def __init__(self, code: int, reason: str, id: MessageId | None = None) -> None:
        super().__init__(reason)
        self.id = id
        self.error = RpcError(code, reason)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode


def encode_notification(method: str, params: Any) -> bytes:
    """One frame, good for any number of connections."""
    return _encode(Notification(method, params, time.time_ns() // 1_000_000)) + b"\n"


def without_last(frame: bytes, name: str, number: int) -> bytes:
    """A notification without the last of several members of its params, which is this number."""
    end = b'},"emittedAtMs":'
    member = f',"{name}":{number}'.encode()
    place = frame.rindex(member + end)
    return frame[:place] + frame[place + len(member) :]


def encode_request(id: int, method: str, params: Any) -> bytes:
    return _encode(Request(method, id, params)) + b"\n"


def encode_response(id: MessageId, result: Any) -> bytes:
    return _encode(Response(id, result)) + b"\n"


def encode_error(id: MessageId | None, error: RpcError) -> bytes:
    return _encode(Failure(id, ErrorObject(error.code, error.message, error.data))) + b"\n"


def decode_envelope(line: bytes) -> Envelope:
    """Raises MalformedMessage."""
    try:
        message = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _diagnose(line) from None
    if message.id is None and message.error is ABSENT:
        raise MalformedMessage(INVALID_REQUEST, "Invalid request: expected a string or integer at `id`")
    if message.method is None and message.result is ABSENT and message.error is ABSENT:
        raise _diagnose(line)
    return message


def _diagnose(line: bytes) -> MalformedMessage:
    try:
        message = msgspec.json.decode(line)
    except RecursionError:
        return MalformedMessage(INVALID_REQUEST, "Invalid request: nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return MalformedMessage(PARSE_ERROR, f"Parse error: {error}")
    if not isinstance(message, dict):
        kind = "a batch" if isinstance(message, list) else "this"
        return MalformedMessage(INVALID_REQUEST, f"Invalid request: expected one object a line, got {kind}")
    id = message.get("id")
    if isinstance(id, bool) or not isinstance(id, int | str | None):
        return MalformedMessage(INVALID_REQUEST, "Invalid request: expected a string or integer at `id`")
    if isinstance(method := message.get("method"), str) or method is None:
        return MalformedMessage(INVALID_REQUEST, "Invalid request: missing field `method`", id)
    return MalformedMessage(INVALID_REQUEST, "Invalid request: expected a string at `method`", id)
