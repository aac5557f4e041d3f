"""Every failure of a model's server x every moment.

failures.py says what has to come of it, verdict.py how it is checked. The table is printed at the end of the run.
"""

from __future__ import annotations

import pytest

from tests.faults.matrix.conftest import Matrix
from tests.faults.matrix.failures import CELLS, Failure, Moment

pytestmark = pytest.mark.timeout(240)


def test_there_are_enough_cells() -> None:
    assert len(CELLS) == len({(row.name, moment) for row, moment in CELLS}) >= 150


@pytest.mark.parametrize(("row", "moment"), CELLS)
def test_a_cell(matrix: Matrix, row: Failure, moment: Moment) -> None:
    """Rows 0-40, 0-41, 0-49, 1-01, 1-04, 4-21, 4-22, 4-23, 4-24, 4-25, 4-27."""
    problems = matrix[row.name, moment].problems
    assert not problems, "\n".join(problems)
