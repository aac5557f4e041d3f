"""Where the hunks of an update go in a file, and the lines that come out.

A hunk is compared four times, each time less strictly: exactly, without trailing space, without surrounding space,
with typographic punctuation folded. A hunk without an anchor must have one possible place; with several it is refused,
for a change in the wrong place is worse than a question.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

from spindled.tools.patch.parser import Hunk, PatchError

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        "\u2026": "...",
    }
)


def _fold(line: str) -> str:
    # Every kind of space becomes a plain one.
    line = "".join(" " if unicodedata.category(each) == "Zs" else each for each in line)
    return line.translate(_FOLDED).strip()


_STRICTNESS: tuple[Callable[[str], str], ...] = (str, str.rstrip, str.strip, _fold)


class Placed(NamedTuple):
    """A hunk and the index of the first line it replaces."""

    hunk: Hunk
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.hunk.old)


class _File:
    """A file's lines at each strictness, made when first needed, with where each line occurs."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._forms: dict[int, tuple[list[str], dict[str, list[int]]]] = {}

    def form(self, level: int) -> tuple[list[str], dict[str, list[int]]]:
        if level not in self._forms:
            normal = [_STRICTNESS[level](line) for line in self.lines]
            places: dict[str, list[int]] = {}
            for index, line in enumerate(normal):
                places.setdefault(line, []).append(index)
            self._forms[level] = normal, places
        return self._forms[level]

    def find(self, wanted: Sequence[str], start: int, stop: int, level: int) -> int | None:
        """The first place at or after `start` where `wanted` fits before `stop`."""
        lines, places = self.form(level)
        normal = [_STRICTNESS[level](line) for line in wanted]
        # The rarest line of the hunk leaves the fewest places to compare.
        rarest = min(range(len(normal)), key=lambda index: len(places.get(normal[index], ())))
        for place in places.get(normal[rarest], ()):
            at = place - rarest
            if start <= at and at + len(normal) <= stop and lines[at : at + len(normal)] == normal:
                return at
        return None


def locate(lines: Sequence[str], hunks: Sequence[Hunk], path: str) -> list[Placed]:
    """The place of every hunk, in order and without overlap. Raises PatchError."""
    file = _File(lines)
    placed: list[Placed] = []
    levels: list[int] = []
    cursor = 0
    for hunk in hunks:
        start, level = _place(file, hunk, cursor, path)
        placed.append(Placed(hunk, start))
        levels.append(level)
        cursor = placed[-1].end
    _refuse_ambiguous(file, placed, levels, path)
    return placed


def _place(file: _File, hunk: Hunk, cursor: int, path: str) -> tuple[int, int]:
    after = _after_anchors(file, hunk, cursor, path)
    old = hunk.old
    if not old:  # nothing but new lines: below the anchor, else at the end
        return (after if hunk.anchors and not hunk.at_end else len(file.lines)), 0
    count = len(file.lines)
    for level in range(len(_STRICTNESS)):
        start = max(after, count - len(old)) if hunk.at_end else after
        found = file.find(old, start, count, level)
        if found is not None:
            return found, level
    if hunk.at_end:
        raise PatchError(f"{path}: hunk {hunk.number} does not match the end of the file:\n" + "\n".join(old))
    where = f" below '{hunk.anchors[-1]}'" if hunk.anchors else " below the hunk before it" if cursor else ""
    raise PatchError(f"{path}: hunk {hunk.number}: these lines are not in the file{where}:\n" + "\n".join(old))


def _after_anchors(file: _File, hunk: Hunk, cursor: int, path: str) -> int:
    for anchor in hunk.anchors:
        for level in range(len(_STRICTNESS)):
            found = file.find([anchor], cursor, len(file.lines), level)
            if found is not None:
                cursor = found + 1
                break
        else:
            raise PatchError(f"{path}: hunk {hunk.number}: the anchor line '{anchor}' is not in the file")
    return cursor


def _refuse_ambiguous(file: _File, placed: list[Placed], levels: list[int], path: str) -> None:
    """`placed` is the topmost placement of all, so another one exists only if some hunk can move down by itself."""
    for index, (each, level) in enumerate(zip(placed, levels, strict=True)):
        hunk = each.hunk
        if hunk.anchors or hunk.at_end or not hunk.old:
            continue
        stop = placed[index + 1].start if index + 1 < len(placed) else len(file.lines)
        other = file.find(hunk.old, each.start + 1, stop, level)
        if other is not None and not _same_result(file.lines, each, other):
            raise PatchError(
                f"{path}: hunk {hunk.number} fits at line {each.start + 1} and at line {other + 1}; "
                "add context lines or an @@ anchor that tells them apart"
            )


def _same_result(lines: Sequence[str], placed: Placed, other: int) -> bool:
    shifted = Placed(placed.hunk, other)
    here = replaced(lines[placed.start : placed.end], placed.hunk) + list(lines[placed.end : shifted.end])
    there = list(lines[placed.start : other]) + replaced(lines[other : shifted.end], placed.hunk)
    return here == there


def replaced(old: Sequence[str], hunk: Hunk) -> list[str]:
    """The lines that take the place of `old`; kept lines stay as the file has them."""
    new = []
    at = 0
    for mark, text in hunk.lines:
        if mark == "+":
            new.append(text)
            continue
        if mark == " ":
            new.append(old[at])
        at += 1
    return new
