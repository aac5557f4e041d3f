"""What a connection needs of its transport."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

__all__ = ["HIGH_WATER", "LOW_WATER", "MAX_LINE", "Line", "Transport"]

HIGH_WATER = 1 << 20
"""Bytes not yet taken by the other side above which a producer should wait."""

LOW_WATER = 1 << 18
"""Bytes below which waiting producers go on."""

MAX_LINE = 64 << 20
"""Bytes of the longest line that is taken in."""

Line = bytes | None
"""One line without its end; None stands for a line that was longer than the bound and is gone."""


class Transport(Protocol):
    """A two-way stream of lines. Used from one event loop, by one reader."""

    @property
    def pending(self) -> int:
        """Bytes written but not yet taken by the other side."""

    def frames(self) -> AsyncIterator[list[Line]]:
        """Batches of lines in the order of arrival; ends when the other side has closed, or after `close`."""

    def write(self, data: bytes) -> None:
        """Send whole frames. Never blocks; silently dropped once the other side is gone."""

    async def drain(self) -> None:
        """Return when at most LOW_WATER bytes are pending, or when the other side is gone."""

    async def flush(self) -> None:
        """Return when nothing is pending, or when the other side is gone."""

    def close(self) -> None:
        """Drop what is pending, end `frames`, release descriptors. Idempotent."""
