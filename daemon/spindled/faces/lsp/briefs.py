"""What the agent is told when a code action or a command is chosen. No I/O."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from spindled.faces.lsp.positions import Encoding, Position, lines_of, offset

__all__ = [
    "REFACTORINGS",
    "Diagnostic",
    "Request",
    "Selection",
    "ask",
    "explain",
    "fix",
    "quoted",
    "refactor",
    "review",
]

MOST_LINES = 200
"""Lines of a selection that go into the brief; the agent can read the rest itself."""

REFACTORINGS = {
    "simplify": ("simplify", "Simplify this code. What it does must stay the same."),
    "split": (
        "split into smaller parts",
        "Split this code into smaller parts with telling names. What it does must stay.",
    ),
    "document": ("document", "Document this code in the style of the project: what a reader needs to know, no more."),
    "test": ("write tests", "Write tests for this code in the style of the project's tests, and run them."),
}
"""Name -> (title, what to do)."""


class Place(msgspec.Struct):
    line: int
    character: int


class Span(msgspec.Struct):
    start: Place
    end: Place


class Diagnostic(msgspec.Struct):
    """As the standard has it, as far as it matters."""

    message: str
    range: Span
    source: str | None = None
    code: int | str | None = None
    severity: int | None = None


class Request(msgspec.Struct):
    """The argument of our commands; each uses what it needs."""

    text: str = ""
    uri: str | None = None
    range: Span | None = None
    diagnostics: list[Diagnostic] = []
    refactoring: str = ""
    threadId: str | None = None


class Selection(NamedTuple):
    """A part of a file. Lines count from 1, both included."""

    path: str
    first: int
    last: int
    text: str

    @property
    def place(self) -> str:
        lines = f"line {self.first}" if self.first == self.last else f"lines {self.first} to {self.last}"
        return f"{self.path}, {lines}"


def quoted(path: str, text: str, span: Span | None, encoding: Encoding) -> Selection:
    """The lines that a span touches; the whole text without one."""
    lines = lines_of(text)
    if span is None:
        first, last = 0, len(lines) - 1
    else:
        first = min(span.start.line, len(lines) - 1)
        last = min(max(span.end.line, first), len(lines) - 1)
        if span.end.character == 0 and last > first:
            last -= 1  # a selection of whole lines ends before the next one
    start, end = offset(text, Position(first, 0), encoding), offset(text, Position(last + 1, 0), encoding)
    chosen = text[start:end] if last + 1 < len(lines) else text[start:]
    return Selection(path, first + 1, last + 1, chosen)


def fix(selection: Selection, diagnostics: list[Diagnostic]) -> str:
    if not diagnostics:
        return f"Find and fix what is wrong in {selection.place}.\n\n{_block(selection)}"
    told = "\n".join(f"- {_told(diagnostic)}" for diagnostic in diagnostics)
    problem = "this problem" if len(diagnostics) == 1 else "these problems"
    return f"Fix {problem} in {selection.path}:\n{told}\n\nThe code ({selection.place}):\n\n{_block(selection)}"


def explain(selection: Selection, diagnostics: list[Diagnostic]) -> str:
    told = "".join(f"\n- {_told(diagnostic)}" for diagnostic in diagnostics)
    about = f"It has these diagnostics:{told}\n\n" if told else ""
    return f"Explain this code ({selection.place}). Change nothing.\n\n{about}{_block(selection)}"


def refactor(selection: Selection, kind: str, wish: str) -> str:
    """`wish`: the user's own words, which win over the kind."""
    task = wish or REFACTORINGS.get(kind, REFACTORINGS["simplify"])[1]
    return f"{task}\n\nThe code ({selection.place}):\n\n{_block(selection)}"


def review(wish: str, selection: Selection) -> str:
    more = f"\n{wish}" if wish else ""
    return (
        f"Review the file {selection.path}. Name bugs, risks and missing tests with their file and line, "
        f"the worst first; say so if there are none. Change nothing.{more}"
    )


def ask(wish: str, selection: Selection | None) -> str:
    return wish if selection is None else f"{wish}\n\nThis is about {selection.place}:\n\n{_block(selection)}"


def _told(diagnostic: Diagnostic) -> str:
    start, end = diagnostic.range.start, diagnostic.range.end
    place = f"line {start.line + 1}, column {start.character + 1}"
    if (end.line, end.character) != (start.line, start.character):
        place += f" to line {end.line + 1}, column {end.character + 1}"
    source = " ".join(str(part) for part in (diagnostic.source, diagnostic.code) if part is not None)
    return f"{place}: {diagnostic.message}" + (f" ({source})" if source else "")


def _block(selection: Selection) -> str:
    """Fenced by more backticks than it holds."""
    lines = selection.text.splitlines()
    shown = lines[:MOST_LINES]
    fence = "```"
    while any(fence in line for line in shown):
        fence += "`"
    rest = f"\n({len(lines) - len(shown)} more lines)" if len(lines) > len(shown) else ""
    return f"{fence}\n" + "\n".join(shown) + f"\n{fence}{rest}"
