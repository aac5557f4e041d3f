"""Many paths that are searched again and again: a fuzzy match, names before folders, the exact name first."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from spindled.files.walk import Entry

if TYPE_CHECKING:
    from frizbee import Matcher, Pattern

IN_NAME = 1 << 16
"""What a match within a file's name counts more than one in its folders."""
EXACT = 1 << 17
"""What an entry counts more that has the very name."""
SCORING = {
    "match_score": 16,
    "prefix_bonus": 8,
    "delimiter_bonus": 4,
    "capitalization_bonus": 3,
    "matching_case_bonus": 0,
    "exact_match_bonus": 0,
    "gap_open_penalty": 3,
    "gap_extend_penalty": 0,
}
"""No bonus and no gap outweighs a character: else the best alignment would leave some of the query out."""
LONGEST = 1000  # characters of a query; a longer one finds nothing


class Found(NamedTuple):
    """`indices`: the characters of the path that matched."""

    entry: Entry
    score: int
    indices: list[int]


class Index:
    """Grows while it is searched; safe to use from any thread."""

    def __init__(self) -> None:
        import frizbee

        self._lock = Lock()
        self._entries: list[Entry] = []
        self._paths = frizbee.Haystacks()
        self._names = frizbee.Haystacks()
        self._files: list[int] = []  # the entry of each name
        self._named: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def folders(self) -> list[str]:
        """The absolute paths of those among the entries."""
        with self._lock:
            return [os.path.abspath(os.path.join(e.root, e.path)) for e in self._entries if e.is_directory]

    def extend(self, entries: Iterable[Entry]) -> None:
        with self._lock:
            for entry in entries:
                name = name_of(entry)
                self._named.setdefault(name.lower(), []).append(len(self._entries))
                if not entry.is_directory:
                    self._files.append(len(self._entries))
                    self._names.append(name)
                self._entries.append(entry)
                self._paths.append(entry.path)

    def search(self, query: str, limit: int) -> list[Found]:
        """The best, best first. The query's syntax is fzf's: words, ^start, end$, 'literally, !not."""
        query = query.strip()
        if len(query) > LONGEST:
            return []
        search = Search(query, limit)
        if not search.patterns:
            return []
        with self._lock:
            found = self._by_name(search) if search.plain else {}
            if len(found) < limit:
                for match in search.matcher(limit + len(found)).match_list(self._paths):
                    found.setdefault(match.index, match.score)
            best = heapq.nsmallest(limit, found, key=lambda at: (-found[at], self._entries[at].path))
            return [search.found(self._entries[at], found[at]) for at in best]

    def _by_name(self, search: Search) -> dict[int, int]:
        """The scores of entries with exactly this name, and of files with a name that matches."""
        exact = heapq.nsmallest(
            search.limit, self._named.get(search.query.lower(), ()), key=lambda at: self._entries[at].path
        )
        scores = {at: search.score(self._entries[at]) + EXACT for at in exact}
        for match in search.matcher(search.limit + len(exact)).match_list(self._names):
            scores.setdefault(self._files[match.index], match.score + IN_NAME)
        return scores


class Search:
    """One query. `plain`: it is one word without syntax, which may be looked for in names alone."""

    def __init__(self, query: str, limit: int) -> None:
        import frizbee

        self.query = query
        self.limit = limit
        self.patterns: list[Pattern] = frizbee.Pattern.from_query(query)
        first = self.patterns[0] if len(self.patterns) == 1 else None
        self.plain = first is not None and first.needle == query and first.matching is None and not first.negated
        self._one = self.matcher(1)

    def matcher(self, limit: int) -> Matcher:
        import frizbee

        scoring = frizbee.Scoring(**SCORING)
        return frizbee.Matcher.from_patterns(self.patterns or [""], casing="ignore", scoring=scoring, max_items=limit)

    def score(self, entry: Entry) -> int:
        """Of an entry that has the very name."""
        if entry.is_directory:
            match = self._one.match_one(entry.path, 0)
            return match.score if match else 0
        match = self._one.match_one(name_of(entry), 0)
        return match.score + IN_NAME if match else 0

    def found(self, entry: Entry, score: int) -> Found:
        within = name_of(entry) if score & IN_NAME and not entry.is_directory else entry.path
        match = self._one.match_one_indices(within, 0)
        offset = len(entry.path) - len(within)
        return Found(entry, score, [offset + at for at in characters(within, match.indices)] if match else [])


def name_of(entry: Entry) -> str:
    return entry.path.rpartition("/")[2]


def characters(text: str, places: Iterable[int]) -> list[int]:
    """The characters that these bytes of the text's UTF-8 belong to, each once and in order."""
    encoded = text.encode()
    return sorted({len(encoded[:at].decode(errors="ignore")) for at in places})
