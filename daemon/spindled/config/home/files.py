"""Files of the home directory: read bounded and never waiting for a fifo or a terminal, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def read_bounded(path: Path, limit: int) -> bytes:
    """At most `limit` + 1 bytes, so that the caller sees whether there are more.

    Raises OSError with a `strerror`, also if it is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        chunks: list[bytes] = []
        left = limit + 1
        while left > 0 and (chunk := file.read(left)):
            chunks.append(chunk)
            left -= len(chunk)
    return b"".join(chunks)


def write_whole(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file, or make it: a reader sees the old content or the new, also after a crash.

    A link stays one, and the file that it leads to is replaced; nothing but a file is. Without a `mode` a file keeps
    the one it has, and a new one is the user's alone. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    old = target.stat().st_mode if target.exists() else stat.S_IFREG | 0o600
    if not stat.S_ISREG(old):
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    mode = stat.S_IMODE(old) if mode is None else mode
    descriptor, part = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(part, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise
