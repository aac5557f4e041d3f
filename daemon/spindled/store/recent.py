"""The turns of the threads that were read last, so that a client can page through one without reading it each time."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from spindled_protocol.types import Turn

Turns: TypeAlias = tuple[Turn, ...]
_Print: TypeAlias = tuple[int, int, int]

THREADS = 4
BYTES = 32 << 20
"""A larger rollout is not kept."""


class Recent:
    """May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, tuple[_Print, Turns]] = OrderedDict()

    def turns(self, path: Path, read: Callable[[], list[Turn]]) -> Turns:
        """What `read` gives, unless the file is as it was then. Nobody may change what they get."""
        found = _print(path)
        with self._lock:
            kept = self._kept.get(path)
            if kept is not None and kept[0] == found:
                self._kept.move_to_end(path)
                return kept[1]
        turns = tuple(read())
        if found is not None and found == _print(path) and found[1] <= BYTES:
            with self._lock:
                self._kept[path] = (found, turns)
                self._kept.move_to_end(path)
                while len(self._kept) > THREADS:
                    self._kept.popitem(last=False)
        return turns


def _print(path: Path) -> _Print | None:
    """What changes when a file does: it is only appended to."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
