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

from spindled.store import names
from spindled.store.chain import Chain, meta_at, read_thread
from spindled.store.cut import Cut
from spindled.store.errors import (
    ArchivedRolloutNotFound,
    RolloutNotFound,
    RolloutPathError,
    StoreError,
    ThreadArchived,
    ThreadLookupError,
    TurnNotFound,
)
from spindled.store.head import read_head
from spindled.store.ids import created_ms, new_id
from spindled.store.index import Index
from spindled.store.layout import Layout, parse_name
from spindled.store.library.library import Library
from spindled.store.locks import WriterLock
from spindled.store.payloads import Git, HistoryBase, SessionMeta
from spindled.store.query import MAX_PAGE, Found, ListQuery, Page, page, page_size
from spindled.store.recent import Recent, Turns
from spindled.store.refresh import index_one, refresh
from spindled.store.replay import StoredThread, started_turn
from spindled.store.rollout import Rollout, make_private, timestamp
from spindled.store.rows import Row, session_meta
from spindled.store.scan import Record
from spindled.store.search import may_contain, occurrences
from spindled.store.summary import Summary
from spindled.store.writer import ThreadWriter

Paths = list[Path]


class ThreadStore:
    def __init__(self, home: Path) -> None:
        self._layout = Layout(home)
        self._index = Index(self._layout.database)
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
        lock = self._lock(thread_id)
        try:
            rollout = Rollout.reopen(Path(summary.path))
        except BaseException:
            lock.release()
            raise
        self._index.update(thread_id, open=True)
        return self._opened(summary, rollout, None, lambda: lock)

    def read(self, thread_id: str, cut: Cut | None = None) -> StoredThread:
        """Slow. Everything about a thread, archived or not, up to `cut`. Raises TurnNotFound."""
        return read_thread(self._path(thread_id), self._layout.find_file, cut)

    def thread_at(self, path: Path) -> str:
        """The id of the thread whose newest file this is. Raises RolloutPathError."""
        thread_id = meta_at(path, self._layout.find_file).id
        current = self._path(thread_id)
        if not current.samefile(path):
            raise RolloutPathError(
                f"cannot resume paginated thread {thread_id} with stale path: requested {path}, current {current}; "
                "omit path and resume by thread id"
            )
        return thread_id

    def turns(self, thread_id: str) -> Turns:
        """Slow, but not again while the thread is as it was: do not change them."""
        path = self._path(thread_id)
        return self._recent.turns(path, lambda: read_thread(path, self._layout.find_file).turns)

    def summary(self, thread_id: str) -> Summary:
        """What thread/list shows of it; `to_thread()` gives the wire's form."""
        path = self._path(thread_id)
        summary = self._index.get(thread_id)
        if summary is None or summary.path != str(path):
            summary = index_one(self._layout, self._index, path)
        return summary

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
        places = (cut or Cut()).apply(iter(Chain(self._path(source_id), self._layout.find_file)))
        rows = [Row(record.type, record.payload, record.timestamp) for _, record in places]
        writer = self.create(replace(meta, forked_from_id=source_id))
        try:
            writer.append(rows)
            writer.summary = index_one(self._layout, self._index, writer.path)
        except BaseException:
            with suppress(StoreError):
                writer.close()
            raise
        return writer

    def revert(self, thread_id: str, before_turn_id: str) -> None:
        """Slow. Forget a turn and all after it. The thread must be closed (ActiveWriter); raises TurnNotFound.

        Nothing is cut off: the thread continues in a new file whose history is the old one up to that turn.
        """
        with self._lock(thread_id):
            path = self._path(thread_id)
            chain = Chain(path, self._layout.find_file)
            found = next((place for place in chain if started_turn(place[1]) == before_turn_id), None)
            if found is None or chain.meta is None:
                raise TurnNotFound(before_turn_id)
            self._write_segment(chain.meta, *found)

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
        paths = self._layout.find(thread_id)
        if not paths or paths[-1].parent == self._layout.archived:
            raise RolloutNotFound(thread_id)
        self._move(thread_id, paths, lambda name: self._layout.archived / name)

    def unarchive(self, thread_id: str) -> None:
        """Raises ArchivedRolloutNotFound."""
        paths = self._layout.find(thread_id)
        if not paths or paths[-1].parent != self._layout.archived:
            raise ArchivedRolloutNotFound(thread_id)
        self._move(thread_id, paths, self._layout.active_path)

    def delete(self, thread_id: str) -> None:
        """Remove a thread for good, archived or not. It must be closed (ActiveWriter)."""
        paths = self._layout.find(thread_id)
        if not paths:
            raise RolloutNotFound(thread_id)
        with self._lock(thread_id):
            for path in paths:
                for file in [*_sidecars(path), path]:
                    _attempt(file, file.unlink)
        self._index.remove(thread_id)
        self.library.forget(thread_id)

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
        size, asked, found = page_size(query), query, list[tuple[Summary, str]]()
        while True:
            listed = self.list(replace(asked, limit=MAX_PAGE))
            for summary in listed.threads:
                if (snippet := self._snippet(Path(summary.path), term)) is not None:
                    found.append((summary, snippet))
            if len(found) > size or listed.next_cursor is None:
                cut = page(query, [summary for summary, _ in found], {})
                return Found(found[: len(cut.threads)], cut.next_cursor, cut.backwards_cursor)
            asked = replace(asked, cursor=listed.next_cursor)

    def _snippet(self, path: Path, term: str) -> str | None:
        """Around the first occurrence in a thread."""
        if not may_contain(path, term):
            return None
        hits = occurrences(read_thread(path, self._layout.find_file).turns, term)
        return next((hit.snippet for hit in hits), None)

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
            take_lock or (lambda: self._lock(thread_id)),
            meta,
            on_close=lambda: self._writers.pop(thread_id, None),
        )
        self._writers[thread_id] = writer
        return writer

    def _lock(self, thread_id: str) -> WriterLock:
        return WriterLock(self._layout.locks, thread_id)

    def _path(self, thread_id: str) -> Path:
        """The newest file of a thread."""
        known = self._index.get(thread_id)
        if known and Path(known.path).exists():
            return Path(known.path)
        paths = self._layout.find(thread_id)
        if not paths:
            raise RolloutNotFound(thread_id)
        return paths[-1]

    def _known(self, thread_id: str) -> None:
        if thread_id not in self._writers:
            self._path(thread_id)

    def _change(self, thread_id: str, **columns: str | None) -> None:
        self._index.update(thread_id, **columns)
        if writer := self._writers.get(thread_id):
            for column, value in columns.items():
                setattr(writer.summary, column, value)

    def _move(self, thread_id: str, paths: Paths, target: Callable[[str], Path]) -> None:
        with self._lock(thread_id):
            for path in paths:
                for file in [*_sidecars(path), path]:
                    _attempt(file, lambda file=file: _rename(file, target(file.name)))  # type: ignore[misc]
        index_one(self._layout, self._index, target(paths[-1].name))

    def _write_segment(self, meta: SessionMeta, file: Path, record: Record) -> None:
        name = parse_name(file.name)
        first = max(record.ordinal, 0)
        base = HistoryBase(
            thread_id=name.file_id if name else meta.id, end_ordinal_exclusive=first, end_byte_offset=record.offset
        )
        now = time.time_ns() // 1_000_000
        path = self._layout.new_path(meta.id, now, new_id())
        segment = Rollout(path, next_ordinal=first)
        segment.append([session_meta(replace(meta, history_base=base, timestamp=timestamp(now)))])
        segment.close()
        index_one(self._layout, self._index, path)


def _sidecars(path: Path) -> list[Path]:
    return list(path.parent.glob(f"{path.name}.torn-*"))


def _rename(source: Path, target: Path) -> None:
    make_private(target.parent)
    source.rename(target)


def _attempt(path: Path, work: Callable[[], object]) -> None:
    try:
        work()
    except OSError as error:
        raise StoreError(path, error) from error
