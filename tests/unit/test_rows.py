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
    """The rows in the docstrings of all tests, and of the modules that are tests."""
    return {row for path in TESTS.rglob("test_*.py") for row in rows_in(path.read_text())}


def rows_in(source: str) -> Iterator[str]:
    module = ast.parse(source)
    tests = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    for node in [module, *tests] if tests else []:
        yield from NUMBER.findall(ast.get_docstring(node) or "")


def test_no_row_has_lost_its_test() -> None:
    found = named()
    missing = {row: about for row, about in ROWS.items() if row not in found}
    assert not missing


def test_only_docstrings_of_tests_count() -> None:
    helper = '"""Row 1-11."""\ndef helper():\n    """Row 1-12."""\n'
    test = 'async def test_a():\n    """Rows 1-13, 1-14: so."""\n    1-15\n'
    assert list(rows_in(helper)) == []
    assert list(rows_in(helper + test)) == ["1-11", "1-13", "1-14"]
