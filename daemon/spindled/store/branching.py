"""Other ways on from a turn that was: a thread with the rows of another, a thread without its last turns. Slow."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec.structs import replace

from spindled.store.errors import TurnNotFound
from spindled.store.ids import new_id
from spindled.store.layout import parse_name
from spindled.store.places import Places
from spindled.store.replay.replay import started_turn
from spindled.store.rollout.cut import Cut
from spindled.store.rollout.payloads import HistoryBase, SessionMeta
from spindled.store.rollout.rollout import Rollout, timestamp
from spindled.store.rollout.rows import Row, session_meta
from spindled.store.rollout.scan import Record


def rows_of(places: Places, thread_id: str, cut: Cut | None) -> list[Row]:
    """The rows of a thread up to `cut`, for another thread. Raises RolloutNotFound, StoreError, TurnNotFound."""
    found = (cut or Cut()).apply(iter(places.chain(places.path(thread_id))))
    return [Row(record.type, record.payload, record.timestamp) for _, record in found]


def revert(places: Places, thread_id: str, before_turn_id: str) -> None:
    """Forget a turn and all after it. The thread must be closed (ActiveWriter); raises TurnNotFound.

    Nothing is cut off: the thread continues in a new file whose history is the old one up to that turn.
    """
    with places.lock(thread_id):
        chain = places.chain(places.path(thread_id))
        found = next((place for place in chain if started_turn(place[1]) == before_turn_id), None)
        if found is None or chain.meta is None:
            raise TurnNotFound(before_turn_id)
        _write_segment(places, chain.meta, *found)


def _write_segment(places: Places, meta: SessionMeta, file: Path, record: Record) -> None:
    name = parse_name(file.name)
    first = max(record.ordinal, 0)
    base = HistoryBase(
        thread_id=name.file_id if name else meta.id, end_ordinal_exclusive=first, end_byte_offset=record.offset
    )
    now = time.time_ns() // 1_000_000
    path = places.layout.new_path(meta.id, now, new_id())
    segment = Rollout(path, next_ordinal=first)
    segment.append([session_meta(replace(meta, history_base=base, timestamp=timestamp(now)))])
    segment.close()
    places.indexed(path)
