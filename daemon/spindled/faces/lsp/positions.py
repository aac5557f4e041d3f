"""Lines and columns as language clients count them. No I/O."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

__all__ = ["Encoding", "Position", "Range", "lines_of", "offset", "spliced", "units"]

Encoding = Literal["utf-8", "utf-16", "utf-32"]

# Only these end a line here; str.splitlines knows more (form feed, U+2028), which editors keep within one.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")


class Position(NamedTuple):
    """Both count from 0; `character` in units of the encoding."""

    line: int
    character: int


class Range(NamedTuple):
    start: Position
    end: Position


def lines_of(text: str) -> list[str]:
    """With their ends; the last one has none, and may be empty."""
    lines = _LINE.findall(text)
    if len(lines) > 1 and lines[-2] and not lines[-2].endswith(("\r", "\n")):
        lines.pop()  # the empty match behind an open last line
    return lines


def units(text: str, encoding: Encoding) -> int:
    if encoding == "utf-32" or text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass")) if encoding == "utf-8" else _utf16(text)


def offset(text: str, position: Position, encoding: Encoding) -> int:
    """The index in `text`. What is beyond a line or the text is its end, the middle of a character its start."""
    begin = 0
    for _ in range(position.line):
        match = _LINE.match(text, begin)
        assert match is not None
        if match.end() == len(text) and not match[0].endswith(("\r", "\n")):
            return len(text)
        begin = match.end()
    match = _LINE.match(text, begin)
    assert match is not None
    return begin + _column(match[0].rstrip("\r\n"), position.character, encoding)


def spliced(text: str, change: Range, new: str, encoding: Encoding) -> str:
    """The text with one range replaced."""
    start = offset(text, change.start, encoding)
    end = max(start, offset(text, change.end, encoding))
    return text[:start] + new + text[end:]


def _column(line: str, character: int, encoding: Encoding) -> int:
    if encoding == "utf-32" or line.isascii():
        return min(character, len(line))
    taken = 0
    for index, char in enumerate(line):
        taken += units(char, encoding)
        if taken > character:
            return index
    return len(line)


def _utf16(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)
