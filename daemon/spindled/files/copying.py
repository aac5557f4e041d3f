"""Copying a file, a link or a folder with all that is in it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from spindled.files.operations import Refused

Check = Callable[[Path], None]
"""Raises for what must not be written."""


def copy(source: Path, destination: Path, *, recursive: bool, check: Check) -> None:
    """A link is copied as a link, a file replaces one that is there, a folder becomes `destination` or goes into it.

    `check` sees each place before it is written. In folders, pipes, sockets and devices are left out. Raises OSError;
    Refused for what cannot be copied.
    """
    mode = source.lstat().st_mode
    check(destination)
    if stat.S_ISDIR(mode):
        if not recursive:
            raise Refused("fs/copy requires recursive: true when sourcePath is a directory")
        if _within(destination, source):
            raise Refused("fs/copy cannot copy a directory to itself or one of its descendants")
        destination.mkdir(parents=True, exist_ok=True)
        _copy_tree(source, destination, check)
    elif not _copy_leaf(source, destination, mode):
        raise Refused("fs/copy only supports regular files, directories, and symlinks")


def _within(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _copy_tree(source: Path, destination: Path, check: Check) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            target = destination / entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            check(target)
            if stat.S_ISDIR(mode):
                target.mkdir(exist_ok=True)
                _copy_tree(Path(entry.path), target, check)
            else:
                _copy_leaf(Path(entry.path), target, mode)


def _copy_leaf(source: Path, destination: Path, mode: int) -> bool:
    """False for what is neither a file nor a link."""
    if stat.S_ISLNK(mode):
        destination.symlink_to(os.readlink(source))
    elif stat.S_ISREG(mode):
        if not _same(source, destination):
            shutil.copyfile(source, destination)
            os.chmod(destination, stat.S_IMODE(mode))
    else:
        return False
    return True


def _same(source: Path, destination: Path) -> bool:
    """Whether both are one file, which opening for writing would empty."""
    return destination.exists() and os.path.samefile(source, destination)
