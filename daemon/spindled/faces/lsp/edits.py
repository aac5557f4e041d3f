"""One text into another, as the fewest line edits that an editor can make without moving what stays. No I/O."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import NamedTuple

from spindled.faces.lsp.positions import Encoding, Position, Range, lines_of, units

__all__ = ["Edit", "text_edits"]


class Edit(NamedTuple):
    range: Range
    text: str


def text_edits(before: str, after: str, encoding: Encoding) -> list[Edit]:
    """In the order of the text; all ranges are those of `before`."""
    old, new = lines_of(before), lines_of(after)
    shortest = min(len(old), len(new))
    start = next((index for index in range(shortest) if old[index] != new[index]), shortest)
    end = next((index for index in range(shortest - start) if old[-1 - index] != new[-1 - index]), shortest - start)
    middle = SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end])
    return [
        Edit(
            Range(_place(old, start + a, encoding), _place(old, start + b, encoding)),
            "".join(new[start + c : start + d]),
        )
        for tag, a, b, c, d in middle.get_opcodes()
        if tag != "equal"
    ]


def _place(lines: list[str], index: int, encoding: Encoding) -> Position:
    """The begin of a line, or the end of the text behind the last one."""
    if index < len(lines):
        return Position(index, 0)
    return Position(len(lines) - 1, units(lines[-1], encoding))
