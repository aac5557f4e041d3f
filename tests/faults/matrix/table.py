"""The matrix as text: rows of failures, a column a moment, in each cell what came of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tests.faults.matrix.cell import Cell
from tests.faults.matrix.failures import Moment

NAMES = 64
LEGEND = (
    "Failures with the same outcomes share a row. +1: a retry was told (or more); a number: the HTTP status in\n"
    "codexErrorInfo; !: not as it has to be; -: no such case.\n"
    "Each cell: typed end, shape and number of notices, number of requests, texts told = stored = sent on, calls\n"
    "answered once, no task, socket or descriptor left, a good turn afterwards."
)


def table(cells: Iterable[Cell]) -> str:
    """Failures that came to the same stand together."""
    failures: dict[str, dict[Moment, Cell]] = {}
    for cell in cells:
        failures.setdefault(cell.row.name, {})[cell.moment] = cell
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, of in failures.items():
        alike.setdefault(tuple(_shown(of.get(moment)) for moment in Moment), []).append(name)
    head = ["failures", *(moment.value for moment in Moment)]
    lines = [head, *(line for outcomes, names in alike.items() for line in _lines(names, outcomes))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    text = "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    count = sum(len(of) for of in failures.values())
    wrong = sum(bool(cell.problems) for of in failures.values() for cell in of.values())
    return f"{text}\n\n{len(failures)} failures, {count} cells, {wrong} not as they have to be. {LEGEND}"


def _lines(names: list[str], outcomes: tuple[str, ...]) -> Iterator[list[str]]:
    wrapped = textwrap.wrap(" | ".join(names), NAMES, subsequent_indent="  ", break_on_hyphens=False)
    yield [wrapped[0], *outcomes]
    for line in wrapped[1:]:
        yield [line, *("" for _ in outcomes)]


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return f"{cell.state or 'not run'}{' !' if cell.problems else ''}"
