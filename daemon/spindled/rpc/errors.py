"""The errors that go over the wire, and their one form."""

from __future__ import annotations

import msgspec

__all__ = [
    "INTERNAL_ERROR",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "METHOD_NOT_FOUND",
    "OVERLOADED",
    "PARSE_ERROR",
    "REQUEST_CANCELLED",
    "ConnectionClosed",
    "ErrorObject",
    "RpcError",
    "internal_error",
    "invalid_request",
    "not_supported",
    "overloaded",
    "unknown_variant",
]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
OVERLOADED = -32001
REQUEST_CANCELLED = -32800


class ErrorObject(msgspec.Struct, omit_defaults=True):
    """The `error` member of an answer. `data` is JSON or nothing."""

    code: int
    message: str
    data: msgspec.Raw | object = None


class RpcError(Exception):
    """An answer that is an error: raised by handlers, and by `OutgoingRequest` when the client answers with one."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class ConnectionClosed(Exception):
    """The connection ended before the client answered."""


def invalid_request(reason: str) -> RpcError:
    """The request itself is malformed: `reason` says where."""
    return RpcError(INVALID_REQUEST, f"Invalid request: {reason}")


def not_supported(method: str) -> RpcError:
    """A method of the wire that this build does not serve."""
    return RpcError(METHOD_NOT_FOUND, f"`{method}` is not supported yet")


def internal_error(what: str) -> RpcError:
    return RpcError(INTERNAL_ERROR, f"Internal error: {what}")


def overloaded() -> RpcError:
    """Nothing of the request was done; the text is one that clients know."""
    return RpcError(OVERLOADED, "Server overloaded; retry later.")


def unknown_variant(method: str, known: list[str]) -> RpcError:
    """A method that the wire does not have; names what was probably meant."""
    from difflib import get_close_matches

    near = get_close_matches(method[:100], known, n=3)
    expected = ", expected one of " + ", ".join(f"`{name}`" for name in near) if near else ""
    return invalid_request(f"unknown variant `{method[:100]}`{expected}")
