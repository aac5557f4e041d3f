"""One kind of row: a line of the log when it is put or dropped, and a row of the index that it can be found by."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from spindled.store.index.database import Statement

R = TypeVar("R", bound=msgspec.Struct)


class Change(NamedTuple):
    """Of one row, as the log has it (a line) and as the index does it."""

    line: bytes
    statement: Statement


class Table(Generic[R]):
    """`key`: the fields of a row that name it; `columns`: further ones, plain values, to find and sort by."""

    def __init__(self, name: str, row: type[R], key: tuple[str, ...], columns: tuple[str, ...] = ()) -> None:
        self.name = name
        self._row = row
        self._key = key
        self._columns = (*key, *columns)
        self._decode = msgspec.json.Decoder(row).decode

    @property
    def schema(self) -> str:
        names = ", ".join(self._columns)
        return f"CREATE TABLE {self.name} ({names}, data BLOB NOT NULL, PRIMARY KEY ({', '.join(self._key)}));\n"

    def put(self, row: R) -> Change:
        """A new row, or another in the place of the one with its key."""
        return Change(msgspec.json.encode({"put": self.name, "row": row}), self._insert(row))

    def drop(self, *key: str) -> Change:
        """Without the row of this key, if there is one."""
        return Change(msgspec.json.encode({"drop": self.name, "key": key}), self._delete(key))

    def restored(self, line: dict[str, Any]) -> Statement:
        """The statement for a line of the log. Raises ValueError, TypeError or LookupError for a damaged one."""
        if "put" in line:
            return self._insert(msgspec.convert(line["row"], self._row))
        return self._delete(tuple(line["key"]))

    def question(self, condition: str = "", arguments: tuple[Any, ...] = ()) -> Statement:
        """What `rows` understands; `condition`: the SQL from WHERE or ORDER BY on."""
        return f"SELECT {self.name}.data FROM {self.name} {condition}", arguments  # noqa: S608

    def named(self, *key: str) -> Statement:
        """The question for the row of a key."""
        return self.question("WHERE " + self._is_key, key)

    def rows(self, answer: list[Any]) -> list[R]:
        return [self._decode(data) for (data,) in answer]

    def _insert(self, row: R) -> Statement:
        marks = ", ".join("?" * (len(self._columns) + 1))
        values = [getattr(row, name) for name in self._columns]
        return f"INSERT OR REPLACE INTO {self.name} VALUES ({marks})", (*values, msgspec.json.encode(row))  # noqa: S608

    def _delete(self, key: tuple[str, ...]) -> Statement:
        if len(key) != len(self._key):
            raise ValueError(f"{self.name} has keys of {len(self._key)}")
        return f"DELETE FROM {self.name} WHERE {self._is_key}", key  # noqa: S608

    @property
    def _is_key(self) -> str:
        return " AND ".join(f"{name} = ?" for name in self._key)
