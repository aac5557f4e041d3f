"""The index of threads: what thread/list needs without opening a rollout. Never the only copy of anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec.structs import astuple, fields

from spindled.store.index.database import Database, Statement
from spindled.store.index.query import ListQuery, Page, page, select
from spindled.store.index.summary import Summary
from spindled.store.library import library

Summaries = list[Summary]
_NOWHERE: Mapping[str, int] = MappingProxyType({})

SCHEMA_VERSION = 2  # an index with another number is thrown away and built anew
_COLUMNS = [field.name for field in fields(Summary)]
_ALL = ", ".join(_COLUMNS)
_PUT = f"INSERT OR REPLACE INTO threads ({_ALL}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_SCHEMA = f"""
CREATE TABLE threads ({", ".join(f"{name} TEXT PRIMARY KEY" if name == "id" else name for name in _COLUMNS)});
CREATE INDEX threads_created ON threads (archived, created_ms, id) WHERE preview <> '';
CREATE INDEX threads_updated ON threads (archived, updated_ms, id) WHERE preview <> '';
CREATE INDEX threads_parent ON threads (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX threads_path ON threads (path);
CREATE INDEX threads_attached ON threads (attached_to) WHERE attached_to IS NOT NULL;
CREATE TABLE folders (path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL);
{library.SCHEMA}"""


class Index:
    def __init__(self, path: Path) -> None:
        self.database = self._database = Database(path, _SCHEMA, SCHEMA_VERSION)
        self.close = self._database.close
        self.filled = self._database.filled

    @property
    def is_new(self) -> bool:
        """Empty because it was missing, damaged or of another form: to be filled from the rollouts."""
        return self._database.is_new

    def put(self, *summaries: Summary) -> None:
        self._database.write(*[(_PUT, astuple(summary)) for summary in summaries])

    def update(self, thread_id: str, **values: Any) -> None:
        """Set columns of one thread."""
        assignments = ", ".join(f"{column} = ?" for column in values)
        self._database.write((f"UPDATE threads SET {assignments} WHERE id = ?", [*values.values(), thread_id]))  # noqa: S608

    def remove(self, *thread_ids: str) -> None:
        self._database.write(*[("DELETE FROM threads WHERE id = ?", [thread_id]) for thread_id in thread_ids])

    def get(self, thread_id: str) -> Summary | None:
        found = self._threads("id = ?", [thread_id])
        return found[0] if found else None

    def list(self, query: ListQuery, positions: Mapping[str, int] = _NOWHERE) -> Page:
        """`positions`: of the threads in the section that it sorts by. Raises ValueError for a cursor that is none."""
        return page(query, [_summary(row) for row in self._database.read(*select(query, _ALL))], positions)

    def left_open(self) -> Summaries:
        """Threads whose writer died, or still writes."""
        return self._threads("open", [])

    def in_folder(self, folder: Path) -> dict[str, str]:
        """Path -> thread id of what is known in a folder."""
        statement = "SELECT path, id FROM threads WHERE path > ? AND path < ?"
        return dict(self._database.read(statement, [f"{folder}/", f"{folder}0"]))  # "0" follows "/"

    def folders(self) -> dict[str, int]:
        """Folder -> its time of change when it was last compared, ns."""
        return dict(self._database.read("SELECT path, mtime_ns FROM folders"))

    def compared(self, times: dict[str, int]) -> None:
        """Replace what `folders` gives."""
        rows: list[Statement] = [("INSERT INTO folders VALUES (?, ?)", row) for row in times.items()]
        self._database.write(("DELETE FROM folders", ()), *rows)

    def _threads(self, condition: str, arguments: Iterable[Any]) -> Summaries:
        statement = f"SELECT {_ALL} FROM threads WHERE {condition}"  # noqa: S608
        return [_summary(row) for row in self._database.read(statement, arguments)]


def _summary(row: tuple[Any, ...]) -> Summary:
    summary = Summary(**dict(zip(_COLUMNS, row, strict=True)))
    summary.archived, summary.open = bool(summary.archived), bool(summary.open)
    return summary
