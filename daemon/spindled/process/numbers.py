"""Which processes can be younger than another: the kernel gives their numbers out in order, in a circle.

So there is no need to look at every process of a machine for what a short command left behind.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ["running", "younger"]

MOST_A_SECOND = 100_000
"""More processes and threads than that begin nowhere."""
_KERNEL = Path("/proc/sys/kernel")


def running() -> list[int]:
    """Of every process."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def younger(pid: int, seconds: float) -> list[int]:
    """Of those that can have begun after this one did, at most so many seconds ago; of all, where one cannot tell."""
    if seconds * MOST_A_SECOND >= _circle() or (last := _last_given()) is None:
        return running()
    if last == pid:
        return []
    listed = running()
    last = _last_given() or last  # no number in the list was given out later
    return [number for number in listed if number > pid or (last < pid and number <= last)]


def _last_given() -> int | None:
    return _number("ns_last_pid")


@cache
def _circle() -> int:
    """How many numbers there are; 0 if that is not known."""
    return _number("pid_max") or 0


def _number(name: str) -> int | None:
    try:
        return int((_KERNEL / name).read_text())
    except (OSError, ValueError):
        return None
