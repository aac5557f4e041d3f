"""Reading and changing single files and folders. Raises OSError for what the system refuses."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

from spindled.files.names import shown

MAX_READ = 128 << 20
"""Bytes of the largest file that is read as a whole."""


class Refused(ValueError):
    """What was asked for makes no sense for these paths; the text is for the client."""


class Metadata(NamedTuple):
    """Of what the path leads to; `is_symlink` of the path itself. Milliseconds since 1970, 0 where unknown."""

    is_directory: bool
    is_file: bool
    is_symlink: bool
    created_ms: int
    modified_ms: int


class Entry(NamedTuple):
    name: str
    is_directory: bool
    is_file: bool


def read_file(path: Path) -> bytes:
    """Raises Refused for what is no regular file, and for one that is too large."""
    with open(_regular(path, os.O_RDONLY), "rb") as file:
        data = file.read(MAX_READ + 1)
    if len(data) > MAX_READ:
        raise Refused(f"file is too large to read: limit is {MAX_READ} bytes")
    return data


def write_file(path: Path, data: bytes) -> None:
    """Replace or create; the folder must exist. Raises Refused for what is no regular file."""
    with open(_regular(path, os.O_WRONLY | os.O_CREAT), "wb") as file:
        file.truncate(0)
        file.write(data)


def _regular(path: Path, flags: int) -> int:
    """A descriptor of a regular file; pipes and devices, which could block or act, are only looked at."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(f"path `{path}` is not a file")
    return descriptor


def create_directory(path: Path, *, recursive: bool) -> None:
    if recursive:
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.mkdir()


def metadata(path: Path) -> Metadata:
    status = path.stat()
    return Metadata(
        is_directory=stat.S_ISDIR(status.st_mode),
        is_file=stat.S_ISREG(status.st_mode),
        is_symlink=path.is_symlink(),
        created_ms=round(getattr(status, "st_birthtime", 0) * 1000),
        modified_ms=status.st_mtime_ns // 1_000_000,
    )


def read_directory(path: Path) -> list[Entry]:
    """Direct children by name, links followed; a link that leads nowhere is left out."""
    with os.scandir(path) as entries:
        found = [_entry(entry) for entry in entries]
    return sorted(entry for entry in found if entry is not None)


def _entry(entry: os.DirEntry[str]) -> Entry | None:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return None
    return Entry(shown(entry.name), stat.S_ISDIR(mode), stat.S_ISREG(mode))


def remove(path: Path, *, recursive: bool, force: bool) -> None:
    """A link is removed itself. `force`: nothing there is no error."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISDIR(mode):
            path.unlink()
        elif recursive:
            shutil.rmtree(path)
        else:
            path.rmdir()
    except FileNotFoundError:
        if not force:
            raise
