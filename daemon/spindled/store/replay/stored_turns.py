"""The turns of a stored thread: counted when its rows are read, made when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from spindled.store.errors import DAMAGE
from spindled.store.replay import items
from spindled_protocol.types import Turn

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class StoredItem(msgspec.Struct, gc=False):
    """The `item` of a row as it stands there, and its times in milliseconds."""

    row: Raw
    started_at_ms: int | None
    completed_at_ms: int | None

    def read(self) -> Any:
        """An item of the wire. Raises one of DAMAGE."""
        return items.from_row(_decode(self.row), self.started_at_ms, self.completed_at_ms)


class StoredTurn:
    """`shell`: the turn, but for the items that are added. Those that turn out to be damaged are left out of it."""

    __slots__ = ("_count", "_made", "rows", "shell")

    def __init__(self, shell: Turn) -> None:
        self.shell = shell
        self._count = len(shell.items)
        self.rows: dict[str, StoredItem] = {}
        """By id: a later row of an item replaces it."""
        self._made: Turn | None = None

    @property
    def item_count(self) -> int:
        """With damaged ones."""
        return max(len(self.rows), self._count)

    def turn(self) -> Turn:
        """Shared with who else asks: not to be changed."""
        rows = self.rows
        if self._made is None:  # two threads at once make the same
            self._count = self.item_count
            self._made = replace(self.shell, items=list(_read(rows.values()))) if rows else self.shell
            self.rows = {}
        return self._made

    def running(self) -> StoredTurn:
        """The same, going on: rows do not tell that."""
        return StoredTurn(replace(self.turn(), status="inProgress", completedAt=None, durationMs=None))


def _read(stored: Iterable[StoredItem]) -> Iterator[Any]:
    for item in stored:
        try:
            yield item.read()
        except DAMAGE:
            continue


class StoredTurns(Sequence[Turn]):
    """Oldest first; to be replaced, never changed: other readers have them too.

    `len`, `ids` and `item_count` make no turn. To make many is slow: do that in a thread.
    """

    def __init__(self, stored: Iterable[StoredTurn] = ()) -> None:
        self._stored = list(stored)

    @overload
    def __getitem__(self, place: int) -> Turn: ...
    @overload
    def __getitem__(self, place: slice) -> list[Turn]: ...
    def __getitem__(self, place: int | slice) -> Turn | list[Turn]:
        if isinstance(place, slice):
            return [turn.turn() for turn in self._stored[place]]
        return self._stored[place].turn()

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def ids(self) -> list[str]:
        return [turn.shell.id for turn in self._stored]

    @property
    def item_count(self) -> int:
        """Of all turns; what is damaged counts."""
        return sum(turn.item_count for turn in self._stored)

    def of(self, turn_id: str) -> list[Turn]:
        """The turn of that id, if there is one."""
        return [turn.turn() for turn in self._stored if turn.shell.id == turn_id]

    def with_running(self, turn_id: str) -> StoredTurns:
        """The same, but that turn, if it is shown as interrupted, goes on."""
        return StoredTurns(
            turn.running() if turn.shell.id == turn_id and turn.shell.status == "interrupted" else turn
            for turn in self._stored
        )
