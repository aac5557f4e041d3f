"""The index of the last search, for the next one: clients search anew with each key that their user types."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from spindled.files.index import Index
from spindled.files.walk import Folders

Stamps: TypeAlias = dict[str, tuple[int, int] | None]
"""Path -> number and time of change of what is there."""

SECONDS = 30.0
"""So old at most: rules from outside the folders, rights and what links lead to are not looked at."""
MOST = 50_000
"""Entries; a larger index is not kept."""
_RULES = (".gitignore", ".ignore", ".git", ".git/info/exclude")
# A folder that changed so lately may change again within the same tick of its clock.
_SETTLED_NS = 2_000_000_000


class Kept:
    """One index. From any thread: a later one takes its place."""

    def __init__(self) -> None:
        self._last: tuple[Folders, Index, Stamps, float] | None = None

    def find(self, folders: Folders) -> Index | None:
        """Slow for many folders. The index of these folders, if a walk would find the same."""
        last = self._last
        if last is None or last[0] != folders or time.monotonic() > last[3]:
            return None
        _, index, stamps, _ = last
        return index if all(_stamp(path) == stamp for path, stamp in stamps.items()) else None

    def keep(self, folders: Folders, index: Index, begun_ns: int) -> None:
        """Slow. `begun_ns`: the wall clock before the walk."""
        if len(index) > MOST:
            return
        stamps = {path: _stamp(path) for path in _watched(folders, index)}
        if all(stamp is None or stamp[1] < begun_ns - _SETTLED_NS for stamp in stamps.values()):
            self._last = folders, index, stamps, time.monotonic() + SECONDS

    def forget(self) -> None:
        self._last = None


def _watched(folders: Folders, index: Index) -> Iterator[str]:
    """The folders, and the files with rules in them and above them, be they there or not."""
    roots = [os.path.abspath(root) for root in folders.roots]
    searched = [*roots, *index.folders()]
    yield from searched
    above = {str(parent) for root in roots for parent in Path(root).parents}
    for folder in {*above, *searched}:
        yield from _join(folder, _RULES)


def _join(folder: str, names: Iterable[str]) -> Iterator[str]:
    return (f"{folder}/{name}" for name in names)


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns
