"""Append-only files of lines that several processes may write: each call is one write, and joins no torn line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from spindled.store.errors import StoreError
from spindled.store.rollout.rollout import make_private


def append_lines(path: Path, lines: Sequence[bytes]) -> None:
    """Raises StoreError; then the lines may be there in part."""
    try:
        make_private(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            data = b"".join(line + b"\n" for line in lines)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                data = b"\n" + data
            if os.write(descriptor, data) < len(data):
                raise OSError(28, os.strerror(28))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreError(path, error) from error


def read_lines(path: Path, offset: int) -> tuple[list[bytes], int]:
    """The complete lines from an offset on, and where they end; none if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    end = data.rfind(b"\n") + 1
    return data[:end].splitlines(), offset + end
