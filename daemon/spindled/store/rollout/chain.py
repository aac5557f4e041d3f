"""The rows of a thread along its files: a fork or a reverted thread may begin with the rows of another file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain as joined
from operator import itemgetter
from pathlib import Path

from spindled.store.errors import RolloutPathError, StoreError
from spindled.store.layout import parse_name
from spindled.store.replay.replay import Replay, decode_meta
from spindled.store.replay.stored import StoredThread
from spindled.store.rollout.cut import Cut
from spindled.store.rollout.payloads import SessionMeta
from spindled.store.rollout.rollout import timestamp
from spindled.store.rollout.scan import Record, Scan

Find = Callable[[str], Path | None]
"""From the id in a `history_base` to its file."""
_DEPTH = 64  # of files; a longer chain can only be a circle


class Chain:
    """Iterate once for `(file, record)` over all rows but session_meta; `meta` and `warnings` fill on the way."""

    def __init__(self, path: Path, find: Find) -> None:
        self.path = path
        self.meta: SessionMeta | None = None
        self.warnings: list[str] = []
        self._find = find

    def __iter__(self) -> Iterator[tuple[Path, Record]]:
        yield from self._file(self.path, None, None, _DEPTH)

    def damaged(self, record: Record) -> None:
        self.warnings.append(f"damaged {record.type} row at ordinal {record.ordinal} skipped")

    def _file(self, path: Path, end_ordinal: int | None, end: int | None, depth: int) -> Iterator[tuple[Path, Record]]:
        scan = Scan(path, end)
        seen_meta = False
        for record in scan:
            if end_ordinal is not None and record.ordinal >= end_ordinal:
                break
            if record.type != "session_meta":
                yield path, record
                continue
            meta = decode_meta(record)
            if meta is None or seen_meta:  # a copy of another thread's head, as old forks have it
                continue
            seen_meta = True
            if depth == _DEPTH:
                self.meta = meta
            yield from self._base(meta, depth)
        self.warnings += scan.warnings

    def _base(self, meta: SessionMeta, depth: int) -> Iterator[tuple[Path, Record]]:
        base = meta.history_base
        if base is None:
            return
        path = self._find(base.thread_id) if depth else None
        if path is None:
            self.warnings.append(f"the history before this file is missing: {base.thread_id}")
            return
        yield from self._file(path, base.end_ordinal_exclusive, base.end_byte_offset, depth - 1)


def read_thread(path: Path, find: Find, cut: Cut | None = None) -> StoredThread:
    """The thread whose newest file is `path`, up to `cut`.

    Raises StoreError if it cannot be read, never for damage; TurnNotFound.
    """
    chain = Chain(path, find)
    rows = map(itemgetter(1), (cut or Cut()).apply(iter(chain)))
    first = next(rows, None)  # behind the meta
    fold = Replay(chain.meta or meta_from_name(path))
    if first is not None:
        for record in fold.feed(joined([first], rows)):
            chain.damaged(record)
    thread = fold.finish()
    thread.meta = chain.meta or thread.meta  # found after other rows
    thread.warnings += chain.warnings
    return thread


def meta_at(path: Path, find: Find) -> SessionMeta:
    """What a file that a client named says of its thread. Raises RolloutPathError, StoreError."""
    if not os.path.isfile(path):  # False also for what no path can be
        reason = "path is a directory" if os.path.isdir(path) else "file does not exist"
        raise RolloutPathError(f"failed to resolve rollout path `{path}`: {reason}")
    chain = Chain(path, find)
    next(iter(chain), None)
    if chain.meta is None:
        raise StoreError(path, f"failed to read thread: {path} does not begin as a rollout does")
    return chain.meta


def meta_from_name(path: Path) -> SessionMeta:
    """What the file name tells about a thread whose session_meta is lost."""
    name = parse_name(path.name)
    thread_id = name.thread_id if name else path.stem
    created = timestamp(name.created_ms) if name else ""
    return SessionMeta(id=thread_id, session_id=thread_id, timestamp=created, history_mode="paginated")
