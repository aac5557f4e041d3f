"""Short lists in pages: the cursor names what was given last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from spindled.agent.settings import either

T = TypeVar("T")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100


class Slice(NamedTuple):
    items: list[Any]
    next_cursor: str | None


def page_size(limit: Any) -> int:
    wanted: int = either(limit, DEFAULT_LIMIT)
    return min(max(wanted, 1), MAX_LIMIT)


def after(items: Sequence[T], limit: Any, passed: Callable[[T], bool] | None, name: Callable[[T], str]) -> Slice:
    """The first items that a reader has not `passed`, and the cursor to go on from if there are more."""
    rest = [item for item in items if passed is None or not passed(item)]
    size = page_size(limit)
    return Slice(rest[:size], name(rest[size - 1]) if len(rest) > size else None)
