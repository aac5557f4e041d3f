"""Words in what users and models said: in one thread, and which threads have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from spindled.store.replay.previews import input_preview
from spindled_protocol.types import AgentMessageThreadItem, Turn, UserMessageThreadItem

BEFORE, AFTER = 49, 101
"""Characters around a match that a snippet shows."""
_BLOCK = 1 << 20
_ELSEWHERE = '"history_base":'


class Occurrence(NamedTuple):
    place: int
    """Of the turn in the thread."""
    turn_id: str
    item_id: str
    snippet: str
    start: int
    """Of the match in the snippet, in UTF-16 code units, as clients count."""
    end: int


def occurrences(turns: Iterable[Turn], term: str) -> Iterator[Occurrence]:
    """Every one, in order, upper and lower case alike."""
    pattern = re.compile(re.escape(term), re.IGNORECASE)
    for place, turn in enumerate(turns):
        for item in turn.items:
            if isinstance(item, UserMessageThreadItem):
                text = input_preview(item.content)
            elif isinstance(item, AgentMessageThreadItem):
                text = item.text
            else:
                continue
            for match in pattern.finditer(text):
                yield Occurrence(place, turn.id, item.id, *_snippet(text, *match.span()))


def may_contain(path: Path, term: str) -> bool:
    """False only if no row of a rollout has the term; reads the file without understanding it.

    A rollout that begins with rows of another file may have it there.
    """
    words = json.dumps(term, ensure_ascii=False)[1:-1]
    try:
        if not words.isascii():  # bytes know no other letters
            text = path.read_text("utf-8", "replace")
            return re.search(f"{re.escape(words)}|{_ELSEWHERE}", text, re.IGNORECASE) is not None
        pattern = re.compile(re.escape(words.encode()) + b"|" + _ELSEWHERE.encode(), re.IGNORECASE)
        return _has(path, pattern, max(len(words), len(_ELSEWHERE)))
    except OSError:
        return False


def _has(path: Path, pattern: re.Pattern[bytes], length: int) -> bool:
    with path.open("rb") as file:
        rest = b""
        while block := file.read(_BLOCK):
            if pattern.search(rest + block):
                return True
            rest = block[-length:]
    return False


def _snippet(text: str, start: int, end: int) -> tuple[str, int, int]:
    begin, stop = max(start - BEFORE, 0), min(end + AFTER, len(text))
    head, tail = "... " if begin else "", " ..." if stop < len(text) else ""
    before = len((head + text[begin:start]).encode("utf-16-le", "surrogatepass")) // 2
    length = len(text[start:end].encode("utf-16-le", "surrogatepass")) // 2
    return f"{head}{text[begin:stop]}{tail}", before, before + length
