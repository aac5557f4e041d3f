"""A message in Plan mode: which of its text is the proposed plan, as it streams in."""

from __future__ import annotations

from typing import NamedTuple

OPEN, CLOSE = "<proposed_plan>", "</proposed_plan>"


class Piece(NamedTuple):
    """Text that stands inside or outside of a plan. `begins`: a plan starts before it."""

    text: str
    plan: bool = False
    begins: bool = False


class PlanText:
    """Tags count where they stand alone on a line, white space around them aside; what may become one is held back.

    Any way to cut a text into deltas gives the same text inside and outside.
    """

    def __init__(self) -> None:
        self._inside = False
        self._held = ""
        """The beginning of a line that may be a tag."""
        self._at_start = True

    def feed(self, delta: str) -> list[Piece]:
        pieces: list[Piece] = []
        for line in lines_of(delta):
            self._part(line, pieces)
        return joined(pieces)

    def finish(self) -> list[Piece]:
        """The message is over: what was held back is a tag, or text."""
        pieces: list[Piece] = []
        self._decide(pieces)
        return pieces

    def _part(self, text: str, pieces: list[Piece]) -> None:
        """A line, or a part of one."""
        if not self._at_start:
            pieces.append(Piece(text, self._inside))
            self._at_start = text.endswith("\n")
            return
        self._held += text
        if self._held.endswith("\n"):
            self._decide(pieces)
        elif not may_become(self._tag, self._held):
            pieces.append(Piece(self._held, self._inside))
            self._held, self._at_start = "", False

    def _decide(self, pieces: list[Piece]) -> None:
        line, self._held = self._held, ""
        if line.strip() == self._tag:
            self._inside = not self._inside
            if self._inside:
                pieces.append(Piece("", plan=True, begins=True))
        elif line:
            pieces.append(Piece(line, self._inside))

    @property
    def _tag(self) -> str:
        return CLOSE if self._inside else OPEN


def may_become(tag: str, line: str) -> bool:
    """Whether more text can make this beginning of a line the tag."""
    start = line.lstrip()
    return tag.startswith(start) or start.rstrip() == tag


def divided(text: str) -> tuple[str, str | None]:
    """The text outside of plans, and that of the last plan; None if there is none."""
    parser = PlanText()
    outside: list[str] = []
    plan: list[str] | None = None
    for piece in [*parser.feed(text), *parser.finish()]:
        if piece.begins:
            plan = []
        if piece.plan and plan is not None:
            plan.append(piece.text)
        elif not piece.plan:
            outside.append(piece.text)
    return "".join(outside), None if plan is None else "".join(plan)


def joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one kind as one."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].plan == piece.plan and not piece.begins:
            found[-1] = found[-1]._replace(text=found[-1].text + piece.text)
        else:
            found.append(piece)
    return found


def lines_of(text: str) -> list[str]:
    """With their ends, the last one perhaps without."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]
