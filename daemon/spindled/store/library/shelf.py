"""Rows of any kind: written to a log in the home, found through the index.

library.jsonl is the truth, one change a line; the index is what the lines amount to. It remembers how far it has read,
so a lost index is made again from the log, and what another process could not write into it is caught up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from spindled.store.index.database import Database, Statement
from spindled.store.library.table import Change, Table
from spindled.store.rollout.lines import append_lines, read_lines

_log = logging.getLogger(__name__)
R = TypeVar("R", bound=msgspec.Struct)

SCHEMA = "CREATE TABLE library_log (read_to INTEGER NOT NULL);\n"
_HOW_FAR: Statement = ("SELECT max(read_to) FROM library_log", ())


class Shelf:
    """Finds are short; a change writes two files. Raises StoreError if the log cannot be written."""

    def __init__(self, home: Path, database: Database, tables: Iterable[Table[Any]]) -> None:
        self._path = home / "library.jsonl"
        self._database = database
        self._tables = {table.name: table for table in tables}

    def change(self, *changes: Change) -> None:
        """All of them, for good."""
        if changes:
            append_lines(self._path, [change.line for change in changes])
            self.catch_up()

    def note(self, *changes: Change) -> None:
        """In the index only: they are lost with it, and the last logged ones come back."""
        self.catch_up()
        self._database.write(*[change.statement for change in changes])

    def find(self, table: Table[R], *key: str) -> R | None:
        found = self._ask(table, table.named(*key))
        return found[0] if found else None

    def select(self, table: Table[R], condition: str = "", *arguments: Any) -> list[R]:
        """`condition`: the SQL from WHERE or ORDER BY on."""
        return self._ask(table, table.question(condition, arguments))

    def among(self, table: Table[R], column: str, values: Sequence[str]) -> list[R]:
        """The rows with one of these values in a column."""
        marks = ", ".join("?" * len(values))
        return self.select(table, f"WHERE {column} IN ({marks})", *values)

    def ask(self, question: str, *arguments: Any) -> list[Any]:
        """The rows that SQL over several tables gives."""
        self.catch_up()
        return self._database.read(question, arguments)

    def _ask(self, table: Table[R], question: Statement) -> list[R]:
        self.catch_up()
        return table.rows(self._database.read(*question))

    def catch_up(self) -> None:
        """Let the index have what the log has; `change` and all that asks do so."""
        try:
            size = self._path.stat().st_size
        except OSError:
            return
        if _offset(self._database.read(*_HOW_FAR)) != size:
            self._database.revise(_HOW_FAR, self._since)

    def _since(self, how_far: list[Any]) -> list[Statement]:
        lines, end = read_lines(self._path, _offset(how_far))
        if end == _offset(how_far):  # nothing new, or another log
            lines, end = read_lines(self._path, 0)
        statements = [statement for line in lines if (statement := self._statement(line))]
        return [*statements, ("DELETE FROM library_log", ()), ("INSERT INTO library_log VALUES (?)", (end,))]

    def _statement(self, line: bytes) -> Statement | None:
        if not line:
            return None
        try:
            fields = msgspec.json.decode(line, type=dict[str, Any])
            return self._tables[fields.get("put") or fields["drop"]].restored(fields)
        except (ValueError, TypeError, LookupError) as error:
            _log.warning("%s: a line is passed over: %s", self._path, error)
            return None


def _offset(answer: list[Any]) -> int:
    return (answer[0][0] or 0) if answer else 0
