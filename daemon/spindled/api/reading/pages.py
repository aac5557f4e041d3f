"""Pages of lists that stand in memory: a cursor is the number of the next entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from spindled.agent.settings import either
from spindled.rpc.errors import INVALID_REQUEST, RpcError

Entry = TypeVar("Entry")


def page(params: Any, entries: Sequence[Entry]) -> tuple[list[Entry], str | None]:
    """The entries from `params.cursor` on, at most `params.limit`, and where the next page begins. Raises RpcError."""
    cursor, limit = either(params.cursor, None), either(params.limit, None)
    start = 0
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10 and int(cursor) <= len(entries)):
            raise RpcError(INVALID_REQUEST, f"invalid cursor: {cursor[:100]}")
        start = int(cursor)
    stop = len(entries) if limit is None else min(start + max(limit, 1), len(entries))
    return list(entries[start:stop]), str(stop) if stop < len(entries) else None
