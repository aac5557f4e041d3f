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
        for place in _below(base, stop, links):
            if left == 0:
                log.info("more than %d files: the rest is not searched", MAX_ENTRIES)
                break
            if inner and any(place == other or place.startswith(other + "/") for other in inner):
                continue
            if not links and os.path.islink(place):
                continue
            batch.append(Entry(root, place.removeprefix(base).lstrip("/"), os.path.isdir(place)))
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
            place = str(next(places).path())
        except StopIteration:
            return
        except unreadable:
            continue
        if place != base and _is_text(place):
            yield place


def _is_text(place: str) -> bool:
    try:
        place.encode()
    except UnicodeEncodeError:
        return False
    return True
