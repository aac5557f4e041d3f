"""The matrix as text: a row a failure, a column a moment, in each cell what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from tests.faults.matrix.cell import Cell
from tests.faults.matrix.failures import Moment

LEGEND = (
    "+1: one retry was told; number: the HTTP status in codexErrorInfo; ! not as it has to be; - no such case.\n"
    "Each cell: typed end, notices, number of requests, texts told = stored = sent on, calls answered once, no task,\n"
    "socket or descriptor left, and a good turn afterwards."
)


def table(cells: Iterable[Cell]) -> str:
    rows: dict[str, dict[Moment, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row.name, {})[cell.moment] = cell
    head = ["failure", *(moment.value for moment in Moment)]
    lines = [head, *([name, *(_shown(of.get(moment)) for moment in Moment)] for name, of in rows.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    text = "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    count = sum(len(of) for of in rows.values())
    return f"{text}\n\n{len(rows)} failures, {count} cells. {LEGEND}"


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return f"{cell.state or 'not run'}{' !' if cell.problems else ''}"
