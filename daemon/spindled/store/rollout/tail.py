"""The end of a rollout that a crash may have torn: mended before anything is appended."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from spindled.store.rollout.scan import Record, Scan

_log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(Record).decode
_BLOCK = 1 << 16


def repair(path: Path, descriptor: int) -> int:
    """Make the file end with a complete line; gives the ordinal for the next row. Raises OSError.

    A complete record without its newline gets it. Anything else after the last good line is moved to
    `<name>.torn-<n>` beside the file, then cut off. `descriptor`: open for appending.
    """
    start, tail = _last_line(path)
    record = _record(tail)
    if record and not tail.endswith(b"\n"):
        os.write(descriptor, b"\n")
    elif tail.strip() and not record:
        _set_aside(path, tail)
        os.ftruncate(descriptor, start)
        record = None
    if record and record.ordinal >= 0:
        return record.ordinal + 1
    return 1 + max((row.ordinal for row in Scan(path)), default=-1)


def _last_line(path: Path) -> tuple[int, bytes]:
    """The last line that is not blank, and the offset where it starts."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        tail = b""
        while position and b"\n" not in tail.rstrip():
            step = min(_BLOCK, position)
            position = file.seek(position - step)
            tail = file.read(step) + tail
    line_start = tail.rstrip().rfind(b"\n") + 1
    return position + line_start, tail[line_start:]


def _record(line: bytes) -> Record | None:
    try:
        msgspec.json.decode(line)
        return _decode(line)
    except (ValueError, RecursionError):
        return None


def _set_aside(path: Path, tail: bytes) -> None:
    number = 1
    while True:
        sidecar = path.with_name(f"{path.name}.torn-{number}")
        try:
            descriptor = os.open(sidecar, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            break
        except FileExistsError:
            number += 1
    with open(descriptor, "wb") as file:
        file.write(tail)
    _log.warning("%s: torn tail of %d bytes moved to %s", path, len(tail), sidecar.name)
