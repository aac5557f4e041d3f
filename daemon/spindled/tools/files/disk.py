"""Single files of a patch: read as text, replaced in one step, put back."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

MAX_BYTES = 32 * 1024 * 1024


class FileChangeError(Exception):
    """A file that a patch cannot work on."""


def read_text(path: Path) -> str | None:
    """The whole text, None if nothing is there. Raises FileChangeError for what is no text file."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileChangeError("is not a regular file")
            if status.st_size > MAX_BYTES:
                raise FileChangeError(f"is larger than {MAX_BYTES} bytes")
            return file.read().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise FileChangeError("is not UTF-8 text") from error
    except OSError as error:
        raise FileChangeError(f"cannot be read: {error.strerror}") from error


def _open_without_waiting(path: str, flags: int) -> int:
    """A named pipe must not hold the daemon up."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def replace_file(target: Path, before: str | None, after: str | None, mode: int | None) -> list[Path]:
    """Give the file its new text, or remove it for None; returns the folders made on the way.

    Raises FileChangeError if the file or the way to it changed since it was read, OSError.
    """
    if os.path.realpath(target.parent) != str(target.parent) or (after is not None and target.is_symlink()):
        raise FileChangeError("a link appeared in its path meanwhile")
    if read_text(target) != before:
        raise FileChangeError("it was changed by someone else meanwhile")
    if after is None:
        target.unlink()
        return []
    created = _make_folders(target.parent)
    try:
        _write_over(target, after, mode)
    except BaseException:
        _remove_folders(created)
        raise
    return created


def restore_file(target: Path, before: str | None, mode: int | None, created: list[Path]) -> None:
    if before is None:
        target.unlink(missing_ok=True)
    else:
        _write_over(target, before, mode)
    _remove_folders(created)


def _write_over(target: Path, text: str, mode: int | None) -> None:
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
            if mode is not None:
                os.fchmod(descriptor, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _make_folders(folder: Path) -> list[Path]:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    created: list[Path] = []
    try:
        for each in reversed(missing):
            each.mkdir()
            created.append(each)
    except OSError:
        _remove_folders(created)
        raise
    return created


def _remove_folders(created: list[Path]) -> None:
    for folder in reversed(created):
        with contextlib.suppress(OSError):
            folder.rmdir()
