"""Where the files of a home lie and how they are called.

sessions/YYYY/MM/DD/rollout-<local time>-<thread id>.jsonl                 a thread
sessions/YYYY/MM/DD/rollout-<local time>-<thread id>_<segment id>.jsonl    the same thread after a revert
archived_sessions/rollout-...                                              archived ones, without folders by day
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME = re.compile(rf"rollout-(\d{{4}}-\d\d-\d\dT\d\d-\d\d-\d\d)-({_UUID})(?:_({_UUID}))?\.jsonl")


class RolloutName(NamedTuple):
    local_time: str
    """YYYY-MM-DDTHH-MM-SS, local."""
    thread_id: str
    segment_id: str | None

    @property
    def file_id(self) -> str:
        """What `history_base.thread_id` calls this file."""
        return self.segment_id or self.thread_id

    @property
    def created_ms(self) -> int:
        return int(time.mktime(time.strptime(self.local_time, "%Y-%m-%dT%H-%M-%S"))) * 1000


def parse_name(name: str) -> RolloutName | None:
    match = _NAME.fullmatch(name)
    return RolloutName(*match.groups()) if match else None


class Layout:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.sessions = home / "sessions"
        self.archived = home / "archived_sessions"
        self.locks = home / "thread-writer-locks"
        self.database = home / "spindled.sqlite"

    def new_path(self, thread_id: str, created_ms: int, segment_id: str | None = None) -> Path:
        local = time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(created_ms // 1000))
        suffix = f"_{segment_id}" if segment_id else ""
        return self.active_path(f"rollout-{local}-{thread_id}{suffix}.jsonl")

    def active_path(self, name: str) -> Path:
        """Where a rollout of this file name lies when it is not archived."""
        year, month, day = name[len("rollout-") :][:10].split("-")
        return self.sessions / year / month / day / name

    def folders(self) -> Iterator[Path]:
        """Every folder that may hold rollouts."""
        for year in _folders(self.sessions):
            for month in _folders(year):
                yield from _folders(month)
        if self.archived.is_dir():
            yield self.archived

    def rollouts(self) -> Iterator[tuple[Path, RolloutName]]:
        for folder in self.folders():
            yield from rollouts_in(folder)

    def find(self, thread_id: str) -> list[Path]:
        """All segments of a thread, oldest first; active ones win over archived. Walks the tree."""
        found = [(name.segment_id or "", path) for path, name in self.rollouts() if name.thread_id == thread_id]
        active = [entry for entry in found if entry[1].parent != self.archived]
        return [path for _, path in sorted(active or found)]

    def find_file(self, file_id: str) -> Path | None:
        """The one file that `history_base` means by a thread or segment id."""
        return next((path for path, name in self.rollouts() if name.file_id == file_id), None)


def rollouts_in(folder: Path) -> Iterator[tuple[Path, RolloutName]]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for text in names:
        if name := parse_name(text):
            yield folder / text, name


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return sorted(parent / entry.name for entry in entries if entry.name.isdigit() and entry.is_dir())
    except OSError:
        return []
