"""Image files as data URLs: known by their first bytes, bounded in size."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

MAX_BYTES = 20 * 1024 * 1024


class ImageError(Exception):
    """A file that cannot be shown; the message says why."""


def media_type(data: bytes) -> str | None:
    """By the file's magic bytes, whatever its name."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def data_url(path: Path) -> str:
    """The image inline. Reads the file (blocking). Raises ImageError."""
    data = _read(path)
    kind = media_type(data)
    if kind is None:
        raise ImageError(f"{path} is not a PNG, JPEG, GIF or WebP image")
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(f"{path} is not a file")
            if status.st_size > MAX_BYTES:
                raise ImageError(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MiB")
            return file.read(MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ImageError(f"{path} cannot be read: {reason}") from error


def _open_without_waiting(path: str, flags: int) -> int:
    """A named pipe must not hold the daemon up."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
