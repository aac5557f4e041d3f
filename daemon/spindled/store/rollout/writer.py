"""A thread that is open for appending: its lock, its rollout, and its entry in the index."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from spindled.store.index.index import Index
from spindled.store.index.summary import Summary
from spindled.store.locks import WriterLock
from spindled.store.replay import items
from spindled.store.replay.previews import preview_of
from spindled.store.rollout.payloads import Event, Goal, SessionMeta, TurnContext
from spindled.store.rollout.rollout import Rollout
from spindled.store.rollout.rows import Row, session_meta


class ThreadWriter:
    """Made by ThreadStore. A new thread gets its file with the first `append`, which writes `meta` before the rows."""

    def __init__(
        self,
        summary: Summary,
        rollout: Rollout,
        index: Index,
        take_lock: Callable[[], WriterLock],
        meta: SessionMeta | None = None,
        on_close: Callable[[], object] = lambda: None,
    ) -> None:
        """`meta`: of a thread that is not on disk yet. Otherwise the lock is taken at once; may raise."""
        self.summary = summary
        self._rollout = rollout
        self._index = index
        self._take_lock = take_lock
        self._lock: WriterLock | None = None if meta else take_lock()
        self._meta = meta
        summary.open = meta is None
        self._on_close = on_close
        self._changes: dict[str, Any] = {}  # of the index, not there yet

    @property
    def thread_id(self) -> str:
        return self.summary.id

    @property
    def path(self) -> Path:
        return self._rollout.path

    @property
    def materialized(self) -> bool:
        """Whether the thread has had its first row."""
        return self._meta is None

    @property
    def pending(self) -> int:
        """Rows that could not be written yet."""
        return self._rollout.pending

    def append(self, rows: Sequence[Row]) -> None:
        """When it returns, the rows survive a kill of this process.

        Raises StoreError: rows that are not written stay queued, in order, and are written first by the next call.
        """
        if self._meta is not None:
            self._rollout.queue([session_meta(self._meta)])
            self._meta = None
        self._rollout.queue(rows)
        self._changes |= self._learn(rows)
        self._flush()

    def close(self) -> None:
        """Write what is pending, give up the lock. Raises StoreError if pending rows are lost."""
        try:
            if self.pending:
                self._flush()
        finally:
            self._on_close()
            self._rollout.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None
                self._index.update(self.thread_id, open=False)

    def _flush(self) -> None:
        if self._lock is None:
            self._lock = self._take_lock()
        self._rollout.flush()
        if not self.summary.open:
            self.summary.open = True
            self._index.put(self.summary)
        elif self._changes:
            self._index.update(self.thread_id, **self._changes)
        self._changes = {}

    def _learn(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Columns of the index that these rows change."""
        changes: dict[str, Any] = {}
        for row in rows:
            payload = row.payload
            if isinstance(payload, TurnContext):
                changes |= {"model": payload.model, "effort": payload.effort}
            elif isinstance(payload, Goal):
                self.summary.preview = self.summary.preview or payload.objective
                changes["preview"] = self.summary.preview
            elif isinstance(payload, Event):
                if payload.type in _MARKS_RECENCY:
                    changes["updated_ms"] = time.time_ns() // 1_000_000
                elif not self.summary.preview and payload.type == "item_completed":
                    changes |= _preview(payload)
                    self.summary.preview = changes.get("preview", "")
        for column, value in changes.items():
            setattr(self.summary, column, value)
        return changes


_MARKS_RECENCY = ("task_started", "task_complete", "turn_aborted")


def _preview(event: Event) -> dict[str, str]:
    fields = msgspec.json.decode(event.item)
    text = preview_of(items.from_row(fields)) if fields["type"] == "UserMessage" else ""
    return {"preview": text} if text else {}
