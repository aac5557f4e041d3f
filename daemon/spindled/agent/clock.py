"""Wall-clock time in the units of the wire."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def now_s() -> int:
    """Unix seconds."""
    return int(time.time())
