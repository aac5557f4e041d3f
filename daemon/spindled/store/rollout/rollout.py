"""Appending to a rollout: one write per call, nothing that was acknowledged is lost, nothing is written twice."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from spindled.store.errors import StoreError
from spindled.store.rollout.rows import Row
from spindled.store.rollout.tail import repair


class _Line(msgspec.Struct):
    timestamp: str
    ordinal: int
    type: str
    payload: Any


_encode = msgspec.json.Encoder().encode


class Rollout:
    """An append-only JSONL file, made (0600, folders 0700) by the first `append`. The caller holds the WriterLock.

    A kill at any point costs no row that `append` returned for: the bytes are with the kernel by then (no fsync).
    """

    def __init__(self, path: Path, next_ordinal: int = 0) -> None:
        self.path = path
        self._next_ordinal = next_ordinal
        self._descriptor = -1
        self._unwritten: list[bytes] = []  # the first may be the rest of a line whose start is in the file

    @classmethod
    def reopen(cls, path: Path) -> Rollout:
        """Continue an existing file; a torn tail is mended first. Raises StoreError."""
        rollout = cls(path)
        try:
            rollout._descriptor = _open(path, create=False)
            rollout._next_ordinal = repair(path, rollout._descriptor)
        except OSError as error:
            rollout.close()
            raise StoreError(path, error) from error
        return rollout

    @property
    def pending(self) -> int:
        """Rows that could not be written yet."""
        return len(self._unwritten)

    def append(self, rows: Sequence[Row]) -> None:
        """Write these rows after any that earlier failed. Raises StoreError; what is not written stays queued."""
        self.queue(rows)
        self.flush()

    def queue(self, rows: Sequence[Row]) -> None:
        """Take rows in without writing them yet."""
        now = timestamp()
        for ordinal, row in enumerate(rows, self._next_ordinal):
            self._unwritten.append(_encode(_Line(row.timestamp or now, ordinal, row.type, row.payload)) + b"\n")
        self._next_ordinal += len(rows)

    def flush(self) -> None:
        """Write what is queued. Raises StoreError."""
        try:
            self._write()
        except OSError as error:
            raise StoreError(self.path, error) from error

    def close(self) -> None:
        """What is not written by now is gone: `flush` first."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self) -> None:
        if self._descriptor < 0:
            self._descriptor = _open(self.path, create=True)
        while self._unwritten:
            self._written(os.write(self._descriptor, b"".join(self._unwritten)))

    def _written(self, size: int) -> None:
        done = 0
        while done < len(self._unwritten) and size >= len(self._unwritten[done]):
            size -= len(self._unwritten[done])
            done += 1
        del self._unwritten[:done]
        if size:
            self._unwritten[0] = self._unwritten[0][size:]


def timestamp(milliseconds: int | None = None) -> str:
    """RFC 3339 with milliseconds, UTC: the rows' form."""
    seconds = (milliseconds if milliseconds is not None else time.time_ns() // 1_000_000) / 1000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _open(path: Path, *, create: bool) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        if not create:
            raise
    make_private(path.parent)
    return os.open(path, flags | os.O_CREAT, 0o600)


def make_private(folder: Path) -> None:
    """Like mkdir -p, but every new folder is for its owner only."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(mode=0o700, exist_ok=True)
