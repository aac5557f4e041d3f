"""Watching paths for change: one operating-system watcher, in one thread, for all that a client watches."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from spindled.files.watched import Watched

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

DEBOUNCE_MS = 200
"""What happens within this time after a first change is told with it, unless nothing does for a step."""
_STEP_MS = 100
_ATTEMPTS = 5

log = logging.getLogger(__name__)

Changed = Callable[[str, list[str]], None]
"""`changed(watch_id, paths)`: absolute paths, sorted. Called in the watcher's thread."""


class Watcher:
    """Watches until `close`. Nothing that happens after `add` has returned is missed. Safe to use from any thread."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._folders: set[str] = set()
        self._next: RustNotify | None = None
        self._renewed = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, watch_id: str, path: Path) -> None:
        """Raises KeyError if the id is in use, OSError if the system cannot watch any more."""
        with self._lock:
            if self._closed:
                return
            if watch_id in self._watched:
                raise KeyError(watch_id)
            self._watched[watch_id] = Watched(path)
            try:
                self._renew()
            except BaseException:
                del self._watched[watch_id]
                raise

    def remove(self, watch_id: str) -> None:
        """Nothing if there is no such watch. Nothing is told of it once this has returned."""
        with self._lock:
            if self._watched.pop(watch_id, None) is not None and not self._watched:
                self._renewed.set()  # the thread ends; with others left, what is watched too much does no harm

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._watched.clear()
            self._renewed.set()

    # with the lock held

    def _renew(self) -> None:
        """Watch what has to be watched now. The thread empties what is watched by then, so nothing is lost."""
        for _ in range(_ATTEMPTS):
            folders = self._wanted()
            try:
                self._next = _watching(folders)
                break
            except FileNotFoundError:  # one of them went while it was looked at
                continue
        else:
            raise FileNotFoundError(2, os.strerror(2))
        self._folders = folders
        self._renewed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="file watcher", daemon=True)
            self._thread.start()

    def _wanted(self) -> set[str]:
        return set().union(*(watched.folders() for watched in self._watched.values()))

    # in the thread

    def _run(self) -> None:
        try:
            self._watch()
        except Exception:
            log.exception("files are not watched any more")
            with self._lock:
                self._thread = None

    def _watch(self) -> None:
        current = self._take()
        while current is not None:
            changes = current.watch(DEBOUNCE_MS, _STEP_MS, 0, self._renewed)
            if isinstance(changes, set):
                self._tell(path for _, path in changes)
            if self._renewed.is_set():
                fresh = self._take()
                rest = current.watch(1, 1, 1, None)
                current.close()
                current = fresh
                if isinstance(rest, set):
                    self._tell(path for _, path in rest)

    def _take(self) -> RustNotify | None:
        """The watcher to go on with; None once nothing is watched."""
        with self._lock:
            if not self._watched:
                self._next, self._thread = None, None
                self._renewed.clear()
                return None
            fresh, self._next = self._next, None
            self._renewed.clear()
            return fresh

    def _tell(self, places: Iterable[str]) -> None:
        changed = set(places)
        with self._lock:
            news = {watch_id: watched.concerned(changed) for watch_id, watched in self._watched.items()}
            self._follow(changed, news)
            for watch_id, names in news.items():
                if names:
                    self._changed(watch_id, sorted(names))

    def _follow(self, changed: set[str], news: dict[str, set[str]]) -> None:
        """Where folders came or went, watch what is there now; what was made before that was possible is news too."""
        if not changed & self._folders and self._wanted() == self._folders:
            return
        try:
            self._renew()
        except OSError as error:
            log.warning("some changes of files will be missed: %s", error)
        for watch_id, watched in self._watched.items():
            news[watch_id] |= watched.look()


def _watching(folders: set[str]) -> RustNotify:
    from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

    try:
        return RustNotify(sorted(folders), False, False, 0, False, True)
    except WatchfilesRustInternalError as error:
        raise OSError(str(error)) from error
