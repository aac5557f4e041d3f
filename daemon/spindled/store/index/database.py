"""A SQLite file that may be lost at any time: opened when first used, made anew when damaged or of another form."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled.store.rollout.rollout import make_private

if TYPE_CHECKING:
    import sqlite3

_log = logging.getLogger(__name__)
Statement = tuple[str, Iterable[Any]]

# synchronous=OFF: no commit waits for a disk. A power cut may damage the file; then it is built anew from the rollouts.
_SETTINGS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=1000; PRAGMA temp_store=MEMORY;"


class Database:
    """May be used from several threads. If the file cannot be used at all, the data lives in memory.

    `is_new`: made empty since `filled()` was last called, so its owner has to fill it.
    """

    def __init__(self, path: Path, schema: str, version: int) -> None:
        self._path = path
        self._schema = schema
        self._version = version
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._is_new = False

    @property
    def is_new(self) -> bool:
        with self._lock:
            self._open()
            return self._is_new

    def filled(self) -> None:
        self._is_new = False

    def read(self, statement: str, arguments: Iterable[Any] = ()) -> list[Any]:
        with self._lock:
            return self._attempt(lambda connection: _execute(connection, [(statement, arguments)]))

    def write(self, *statements: Statement) -> None:
        """All in one commit. If another process keeps the file locked, they are dropped."""
        with self._lock:
            bracketed = len(statements) > 1
            listed = [("BEGIN IMMEDIATE", ()), *statements, ("COMMIT", ())] if bracketed else list(statements)
            self._attempt(lambda connection: _execute(connection, listed))

    def revise(self, question: Statement, build: Callable[[list[Any]], list[Statement]]) -> None:
        """In one commit, the statements that `build` makes of what the question gives. May be dropped like a `write`.

        What `build` raises ends the transaction without a change.
        """

        def work(connection: sqlite3.Connection) -> list[Any]:
            found = _execute(connection, [("BEGIN IMMEDIATE", ()), question])
            try:
                statements = build(found)
            except BaseException:
                connection.rollback()
                raise
            return _execute(connection, [*statements, ("COMMIT", ())])

        with self._lock:
            self._attempt(work)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _attempt(self, work: Callable[[sqlite3.Connection], list[Any]]) -> list[Any]:
        import sqlite3

        for _ in range(2):
            try:
                return work(self._open())
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                    _log.warning("%s is locked by another process: an update is left out", self._path)
                    return []
                _log.warning("%s cannot be used (%s): the index lives in memory", self._path, error)
                self._replace(":memory:")
            except sqlite3.DatabaseError as error:
                _log.warning("%s is damaged (%s): it is set aside and built anew", self._path, error)
                self._set_aside()
        return []

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            import sqlite3

            try:
                make_private(self._path.parent)
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                self._connection = self._prepared(str(self._path))
            except (OSError, sqlite3.OperationalError) as error:
                _log.warning("%s cannot be used (%s): the index lives in memory", self._path, error)
                self._connection = self._prepared(":memory:")
            except sqlite3.DatabaseError as error:
                _log.warning("%s is damaged (%s): it is set aside and built anew", self._path, error)
                self._set_aside()
                return self._open()
        return self._connection

    def _prepared(self, name: str) -> sqlite3.Connection:
        import sqlite3

        connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript(_SETTINGS)
            if connection.execute("PRAGMA user_version").fetchone()[0] != self._version:
                tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                drops = "".join(f'DROP TABLE "{table}";' for (table,) in tables)
                connection.executescript(
                    f"BEGIN IMMEDIATE; {drops} {self._schema} PRAGMA user_version={self._version}; COMMIT;"
                )
                self._is_new = True
        except BaseException:
            connection.close()
            raise
        return connection

    def _replace(self, name: str) -> None:
        self.close()
        self._connection = self._prepared(name)

    def _set_aside(self) -> None:
        self.close()
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        os.replace(self._path, self._path.with_name(f"{self._path.name}.damaged"))


def _execute(connection: sqlite3.Connection, statements: list[Statement]) -> list[Any]:
    rows: list[Any] = []
    try:
        for text, arguments in statements:
            rows = connection.execute(text, tuple(arguments)).fetchall()
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    return rows
