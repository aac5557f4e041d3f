"""The store of threads: the port that the agent uses.

All methods are synchronous and short, but for those marked slow: run these in a thread. Wherever a thread id is taken,
RolloutNotFound (a LookupError with the wire's text) says that there is none, StoreError that a file cannot be used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from spindled.store import branching, moving, names
from spindled.store.errors import RolloutPathError, StoreError, ThreadArchived, ThreadLookupError
from spindled.store.finding import find
from spindled.store.ids import created_ms
from spindled.store.index.index import Index
from spindled.store.index.query import Found, ListQuery, Page
from spindled.store.index.refresh import refresh
from spindled.store.index.summary import Summary
from spindled.store.layout import Layout
from spindled.store.library.library import Library
from spindled.store.locks import WriterLock
from spindled.store.places import Places
from spindled.store.recent import Recent
from spindled.store.replay.stored import StoredThread
from spindled.store.replay.stored_turns import StoredTurns
from spindled.store.rollout.chain import meta_at
from spindled.store.rollout.cut import Cut
from spindled.store.rollout.head import read_head
from spindled.store.rollout.payloads import Git, SessionMeta
from spindled.store.rollout.rollout import Rollout, timestamp
from spindled.store.rollout.writer import ThreadWriter


class ThreadStore:
    def __init__(self, home: Path) -> None:
        self._layout = Layout(home)
        self._index = Index(self._layout.database)
        self._places = Places(self._layout, self._index)
        self.library = Library(home, self._index.database)
        """What is kept about threads beside their rollouts."""
        self._recent = Recent()
        self._writers: dict[str, ThreadWriter] = {}

    # --- one thread

    def create(self, meta: SessionMeta) -> ThreadWriter:
        """A new thread; nothing is written before its first row. An empty `meta.timestamp` becomes now."""
        now = created_ms(meta.id) or time.time_ns() // 1_000_000
        meta = replace(meta, timestamp=meta.timestamp or timestamp(now), session_id=meta.session_id or meta.id)
        path = self._layout.new_path(meta.id, now)
        return self._opened(Summary.from_meta(meta, path, now), Rollout(path), meta)

    def open(self, thread_id: str) -> ThreadWriter:
        """Continue a thread. Raises ActiveWriter if somebody else writes it, ThreadArchived."""
        summary = self.summary(thread_id)
        if summary.archived:
            raise ThreadArchived(thread_id)
        lock = self._places.lock(thread_id)
        try:
            rollout = Rollout.reopen(Path(summary.path))
        except BaseException:
            lock.release()
            raise
        self._index.update(thread_id, open=True)
        return self._opened(summary, rollout, None, lambda: lock)

    def read(self, thread_id: str, cut: Cut | None = None) -> StoredThread:
        """Slow. Everything about a thread, archived or not, up to `cut`. Raises TurnNotFound."""
        path = self._places.path(thread_id)
        if cut is not None:
            return self._places.read(path, cut)
        return self._recent.read(path, lambda: self._places.read(path))

    def thread_at(self, path: Path) -> str:
        """The id of the thread whose newest file this is. Raises RolloutPathError."""
        thread_id = meta_at(path, self._layout.find_file).id
        current = self._places.path(thread_id)
        if not current.samefile(path):
            raise RolloutPathError(
                f"cannot resume paginated thread {thread_id} with stale path: requested {path}, current {current}; "
                "omit path and resume by thread id"
            )
        return thread_id

    def turns(self, thread_id: str) -> StoredTurns:
        """Slow, but not again while the thread is as it was."""
        path = self._places.path(thread_id)
        return self._recent.turns(path, lambda: self._places.read(path))

    def summary(self, thread_id: str) -> Summary:
        """What thread/list shows of it; `to_thread()` gives the wire's form."""
        return self._places.summary(thread_id)

    def summary_at(self, path: Path) -> Summary:
        """Slow. The same of any rollout, be it here or elsewhere. Raises RolloutPathError."""
        meta = meta_at(path, self._layout.find_file)
        with suppress(ThreadLookupError):
            summary = self.summary(meta.id)
            if Path(summary.path).samefile(path):
                return summary
        return read_head(path, self._layout.find_file, archived=False)

    def fork(self, source_id: str, meta: SessionMeta, cut: Cut | None = None) -> ThreadWriter:
        """Slow. A new thread with the source's rows up to `cut`; it does not need the source afterwards.

        Raises TurnNotFound.
        """
        rows = branching.rows_of(self._places, source_id, cut)
        writer = self.create(replace(meta, forked_from_id=source_id))
        try:
            writer.append(rows)
            writer.summary = self._places.indexed(writer.path)
        except BaseException:
            with suppress(StoreError):
                writer.close()
            raise
        return writer

    def revert(self, thread_id: str, before_turn_id: str) -> None:
        """Slow. Forget a turn and all after it. The thread must be closed (ActiveWriter); raises TurnNotFound."""
        branching.revert(self._places, thread_id, before_turn_id)

    def set_name(self, thread_id: str, name: str) -> None:
        self._known(thread_id)
        names.append_name(self._layout.home, thread_id, name)
        self._change(thread_id, name=name)

    def set_git(self, thread_id: str, git: Git) -> None:
        self._known(thread_id)
        names.append_git(self._layout.home, thread_id, git)
        self._change(thread_id, git_sha=git.commit_hash, git_branch=git.branch, git_origin_url=git.repository_url)

    def archive(self, thread_id: str) -> None:
        """The thread must be closed (ActiveWriter). RolloutNotFound also if it is archived already."""
        moving.archive(self._places, thread_id)

    def unarchive(self, thread_id: str) -> None:
        """Raises ArchivedRolloutNotFound."""
        moving.unarchive(self._places, thread_id)

    def delete(self, thread_id: str) -> None:
        """Remove a thread for good, archived or not. It must be closed (ActiveWriter)."""
        moving.delete(self._places, thread_id)
        self.library.forget(thread_id)

    def attached_to(self, thread_id: str) -> str | None:
        """A thread, archived or not, that stays beside this one."""
        pages = (self.list(ListQuery(attached_to=thread_id, limit=1, archived=archived)) for archived in (False, True))
        return next((found.id for each in pages for found in each.threads), None)

    # --- all threads

    def list(self, query: ListQuery) -> Page:
        """From the index alone. Slow for the first time (see `refresh`). Raises ValueError("invalid cursor: ...")."""
        if self._index.is_new:
            self.refresh()
        self.library.catch_up()
        in_order = self.library.sections.members(query.section_id) if query.by_position and query.section_id else ()
        return self._index.list(query, {member.thread_id: member.position for member in in_order})

    def search(self, query: ListQuery, term: str) -> Found:
        """Slow: reads the rollouts that the query lists until its page is full. Raises ValueError as `list` does."""
        return find(self._places, self.list, query, term)

    def refresh(self) -> None:
        """Slow. Find what other processes, or earlier ones, left on disk; the first run on a home reads every head."""
        refresh(self._layout, self._index)

    def close(self) -> None:
        """Close every writer and the index. Raises the last StoreError."""
        failure: StoreError | None = None
        for writer in tuple(self._writers.values()):
            try:
                writer.close()
            except StoreError as error:
                failure = error
        self._writers.clear()
        self._index.close()
        if failure:
            raise failure

    # --- within

    def _opened(
        self,
        summary: Summary,
        rollout: Rollout,
        meta: SessionMeta | None,
        take_lock: Callable[[], WriterLock] | None = None,
    ) -> ThreadWriter:
        thread_id = summary.id
        writer = ThreadWriter(
            summary,
            rollout,
            self._index,
            take_lock or (lambda: self._places.lock(thread_id)),
            meta,
            on_close=lambda: self._writers.pop(thread_id, None),
        )
        self._writers[thread_id] = writer
        return writer

    def _known(self, thread_id: str) -> None:
        if thread_id not in self._writers:
            self._places.path(thread_id)

    def _change(self, thread_id: str, **columns: str | None) -> None:
        self._index.update(thread_id, **columns)
        if writer := self._writers.get(thread_id):
            for column, value in columns.items():
                setattr(writer.summary, column, value)
