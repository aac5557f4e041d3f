"""Threads in which words were said. Slow: the rollouts are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from spindled.store.index.query import MAX_PAGE, Found, ListQuery, Page, page, page_size
from spindled.store.index.search import may_contain, occurrences
from spindled.store.index.summary import Summary
from spindled.store.places import Places


def find(places: Places, listed: Callable[[ListQuery], Page], query: ListQuery, term: str) -> Found:
    """Reads what the query lists until its page is full. Raises what `listed` does, and StoreError."""
    size, asked, found = page_size(query), query, list[tuple[Summary, str]]()
    while True:
        threads = listed(replace(asked, limit=MAX_PAGE))
        for summary in threads.threads:
            if (snippet := _snippet(places, Path(summary.path), term)) is not None:
                found.append((summary, snippet))
        if len(found) > size or threads.next_cursor is None:
            cut = page(query, [summary for summary, _ in found], {})
            return Found(found[: len(cut.threads)], cut.next_cursor, cut.backwards_cursor)
        asked = replace(asked, cursor=threads.next_cursor)


def _snippet(places: Places, path: Path, term: str) -> str | None:
    """Around the first occurrence in a thread."""
    if not may_contain(path, term):
        return None
    hits = occurrences(places.read(path).turns, term)
    return next((hit.snippet for hit in hits), None)
