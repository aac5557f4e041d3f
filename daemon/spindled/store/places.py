"""Where the threads of a home are: the newest file of each, its entry in the index, its lock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spindled.store.errors import RolloutNotFound
from spindled.store.index.index import Index
from spindled.store.index.refresh import index_one
from spindled.store.index.summary import Summary
from spindled.store.layout import Layout
from spindled.store.locks import WriterLock
from spindled.store.replay.stored import StoredThread
from spindled.store.rollout.chain import Chain, read_thread
from spindled.store.rollout.cut import Cut


@dataclass(frozen=True, slots=True)
class Places:
    layout: Layout
    index: Index

    def path(self, thread_id: str) -> Path:
        """The newest file of a thread. Raises RolloutNotFound."""
        known = self.index.get(thread_id)
        if known and Path(known.path).exists():
            return Path(known.path)
        paths = self.layout.find(thread_id)
        if not paths:
            raise RolloutNotFound(thread_id)
        return paths[-1]

    def summary(self, thread_id: str) -> Summary:
        """Raises RolloutNotFound, StoreError."""
        path = self.path(thread_id)
        summary = self.index.get(thread_id)
        if summary is None or summary.path != str(path):
            summary = self.indexed(path)
        return summary

    def indexed(self, path: Path) -> Summary:
        """Read the head of a file into the index. Raises StoreError."""
        return index_one(self.layout, self.index, path)

    def lock(self, thread_id: str) -> WriterLock:
        """Raises ActiveWriter."""
        return WriterLock(self.layout.locks, thread_id)

    def chain(self, path: Path) -> Chain:
        """The rows of the thread whose newest file this is."""
        return Chain(path, self.layout.find_file)

    def read(self, path: Path, cut: Cut | None = None) -> StoredThread:
        """Slow. Raises StoreError, TurnNotFound."""
        return read_thread(path, self.layout.find_file, cut)
