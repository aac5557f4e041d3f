"""A server's progress as lines for the user, at a bounded rate: a server may say more than anyone can read."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 20
PER_SECOND = 10.0


class Progress:
    """Called with what the server reports; `tell` gets the lines that are not too many."""

    def __init__(self, tell: Callable[[str], None], now: Callable[[], float] = time.monotonic):
        self._tell = tell
        self._now = now
        self._left = float(BURST)
        self._last = now()

    def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        at = self._now()
        self._left = min(self._left + (at - self._last) * PER_SECOND, BURST)
        self._last = at
        if self._left < 1:
            return
        self._left -= 1
        self._tell(message or (f"{progress:g}" if total is None else f"{progress:g}/{total:g}"))
