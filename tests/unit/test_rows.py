"""Every row has a test that names it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.rows import ROWS

TESTS = Path(__file__).parents[1]
NUMBER = re.compile(r"\b\d-\d\d\b")


def named() -> set[str]:
    """The rows in the docstrings of all test functions."""
    return {row for path in TESTS.rglob("test_*.py") for row in rows_in(path.read_text())}


def rows_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield from NUMBER.findall(ast.get_docstring(node) or "")


def test_no_row_has_lost_its_test() -> None:
    found = named()
    missing = {row: about for row, about in ROWS.items() if row not in found}
    assert not missing


def test_only_docstrings_of_tests_count() -> None:
    helper = 'def helper():\n    """Row 1-12."""\n'
    source = f'"""Row 1-11."""\n{helper}async def test_a():\n    """Rows 1-13, 1-14: so."""\n    1-15\n'
    assert list(rows_in(source)) == ["1-13", "1-14"]
