"""Thread ids as clients send them."""

from __future__ import annotations

from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.ids import InvalidId, parse_id


def thread_id(text: str, what: str = "thread", code: int = INVALID_REQUEST) -> str:
    """The id in its one form; raises RpcError for what is no UUID. `what`: the reference's word in its error."""
    try:
        return parse_id(text)
    except InvalidId as error:
        raise RpcError(code, f"invalid {what} id: {error}") from None
