"""Thread ids as clients send them."""

from __future__ import annotations

from uuid import UUID

from spindled.rpc.errors import INVALID_REQUEST, RpcError


def thread_id(text: str) -> str:
    """The id in its one form; raises RpcError for what is no UUID."""
    try:
        return str(UUID(text))
    except ValueError:
        raise RpcError(INVALID_REQUEST, f"invalid thread id: {text[:100]!r} is not a UUID") from None
