"""The turns of the threads that were read last, so that a client can page through one without reading it each time."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from spindled.store.replay.stored import StoredThread
from spindled.store.replay.stored_turns import StoredTurns

_Print: TypeAlias = tuple[int, int, int]
_Read: TypeAlias = Callable[[], StoredThread]

THREADS = 4
BYTES = 32 << 20
"""A larger rollout is not kept."""


class Recent:
    """May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, tuple[_Print, StoredTurns]] = OrderedDict()

    def turns(self, path: Path, read: _Read) -> StoredTurns:
        """Those of what `read` gives, unless the file is as it was when it was read last."""
        found = _print(path)
        with self._lock:
            kept = self._kept.get(path)
            if kept is not None and kept[0] == found:
                self._kept.move_to_end(path)
                return kept[1]
        return self.read(path, read).turns

    def read(self, path: Path, read: _Read) -> StoredThread:
        """What `read` gives; its turns are kept."""
        found = _print(path)
        thread = read()
        if found is not None and found == _print(path) and found[1] <= BYTES:
            with self._lock:
                self._kept[path] = (found, thread.turns)
                self._kept.move_to_end(path)
                while len(self._kept) > THREADS:
                    self._kept.popitem(last=False)
        return thread


def _print(path: Path) -> _Print | None:
    """What changes when a file does: it is only appended to."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
