"""Runs the matrix once for all its tests, and prints it at the end of the run, also when all is well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.faults.matrix.cell import Cell
from tests.faults.matrix.failures import Failure, Moment
from tests.faults.matrix.run import run
from tests.faults.matrix.table import table

Matrix = dict[tuple[str, Moment], Cell]
PRINTED = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Matrix]:
    """All cells, run; each holds what is wrong with it."""
    begun = time.monotonic()
    cells = asyncio.run(run(tmp_path_factory.mktemp("matrix")))
    request.config.stash[PRINTED] = f"{table(cells)}\n{time.monotonic() - begun:.0f} s"
    yield {(cell.row.name, cell.moment): cell for cell in cells}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    printed = config.stash.get(PRINTED, None)
    if printed is not None:
        terminalreporter.section("fault matrix")
        terminalreporter.write_line(printed)


def pytest_make_parametrize_id(val: object) -> str | None:
    if isinstance(val, Failure):
        return val.name
    return val.value if isinstance(val, Moment) else None
