"""What lies below some folders, as version control sees it: .gitignore, .ignore and their like leave things out."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import NamedTuple

BATCH = 512
MAX_ENTRIES = 500_000
"""Of all folders together; what comes later is not seen."""

log = logging.getLogger(__name__)


class Folders(NamedTuple):
    """Where to search, and whether links may lead out of there."""

    roots: list[str]
    links: bool


class Entry(NamedTuple):
    """`path` is below `root`, which is as it was given; names that are not UTF-8 are left out."""

    root: str
    path: str
    is_directory: bool


def walk(roots: Sequence[str], stop: Event, *, links: bool = True) -> Iterator[list[Entry]]:
    """In batches, in no order; hidden files too; links are followed, or left out.

    What lies below several roots is the inmost one's. Ends early once `stop` is set. Roots that are no folders have
    nothing below them.
    """
    bases = {root: os.path.abspath(root) for root in roots}
    left = MAX_ENTRIES
    for root, base in bases.items():
        inner = [other for other in bases.values() if other != base and other.startswith(os.path.join(base, ""))]
        batch: list[Entry] = []
        folders = _Folders()
        for place in _below(base, stop, links):
            if left == 0:
                log.info("more than %d files: the rest is not searched", MAX_ENTRIES)
                break
            if inner and any(place == other or place.startswith(other + "/") for other in inner):
                continue
            if not links and os.path.islink(place):
                continue
            batch.append(Entry(root, place.removeprefix(base).lstrip("/"), place in folders))
            left -= 1
            if len(batch) == BATCH:
                yield batch
                batch = []
        yield batch


def _below(base: str, stop: Event, links: bool) -> Iterator[str]:
    import ignore

    if "\0" in base or not os.path.isdir(base):
        return
    unreadable = (ignore.Error, ignore.IOError)  # a link that leads nowhere or round, a folder without rights
    places = ignore.WalkBuilder(Path(base)).hidden(False).follow_links(links).build()
    while not stop.is_set():
        try:
            for entry in places:
                if stop.is_set():
                    return
                place = str(entry.path())
                if place != base and _is_text(place):
                    yield place
            return
        except unreadable:
            continue


def _is_text(place: str) -> bool:
    return place.isascii() or not any("\ud800" <= character <= "\udfff" for character in place)


class _Folders:
    """Which places are folders, or links to some: each folder is listed once, instead of a look at each entry."""

    def __init__(self) -> None:
        self._in: dict[str, set[str]] = {}

    def __contains__(self, place: str) -> bool:
        parent, _, name = place.rpartition("/")
        names = self._in.get(parent)
        if names is None:
            names = self._in[parent] = _folders_in(parent)
        return name in names


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()


def _folders_in(parent: str) -> set[str]:
    try:
        with os.scandir(parent or "/") as entries:
            return {entry.name for entry in entries if _is_folder(entry)}
    except OSError:
        return set()
