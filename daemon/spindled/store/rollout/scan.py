"""Reading rollouts: bytes to records, whatever happened to the file.

A record is an object with a `type` and a `payload` object. Normally there is one per line. What is damaged is skipped
up to the next record, also within a line (a write that was cut short and continued by somebody else).
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from json import JSONDecoder
from pathlib import Path

import msgspec

from spindled.store.errors import StoreError

_log = logging.getLogger(__name__)
_BUFFER = 1 << 18
_BRACE = ord("{")
_RECORD_START = re.compile(r'\{\s*"timestamp"\s*:')


class Record(msgspec.Struct, gc=False):
    type: str
    payload: msgspec.Raw
    """A JSON object; not decoded, so it may turn out to be damaged."""
    timestamp: str = ""
    ordinal: int = -1
    """Strictly increasing along a thread; -1 in rollouts older than ordinals."""
    offset: int = -1
    """Of the line in the file, bytes."""


_decode = msgspec.json.Decoder(Record).decode
_raw_decode = JSONDecoder(strict=False).raw_decode


class Scan:
    """Iterate once for the records of a file; `skipped` and `warnings` are complete after that.

    `end`: read no further than this many bytes. Raises StoreError if the file cannot be read, never for its content.
    """

    def __init__(self, path: Path, end: int | None = None) -> None:
        self.path = path
        self.skipped = 0
        self.warnings: list[str] = []
        self._end = end

    def __iter__(self) -> Iterator[Record]:
        offset = 0
        end = sys.maxsize if self._end is None else self._end
        try:
            with self.path.open("rb", _BUFFER) as file:
                for line in file:
                    if offset >= end:
                        break
                    try:
                        record = _decode(line)
                    except (ValueError, RecursionError):
                        yield from self._salvage(line, offset)
                    else:
                        if _is_object(record.payload):
                            record.offset = offset
                            yield record
                        else:
                            self._skip(offset, len(line))
                    offset += len(line)
        except OSError as error:
            raise StoreError(self.path, f"cannot read {self.path}: {error.strerror}") from error
        if self.skipped:
            _log.warning("%s: skipped %d damaged bytes", self.path, self.skipped)

    def damaged(self, record: Record) -> None:
        """Report a record whose payload could not be decoded."""
        self._skip(record.offset, len(memoryview(record.payload)))

    def _salvage(self, line: bytes, offset: int) -> Iterator[Record]:
        text = line.decode("utf-8", "replace")
        position = used = lost = 0
        while match := _RECORD_START.search(text, position):
            try:
                value, end = _raw_decode(text, match.start())
                record = _decode(msgspec.json.encode(value))
            except (ValueError, OverflowError, RecursionError):
                position = match.end()
                continue
            position = end
            if not _is_object(record.payload):
                continue
            lost += _size(text[used : match.start()])
            used = end
            record.offset = offset
            yield record
        if lost := lost + _size(text[used:]):
            self._skip(offset, min(lost, len(line)))

    def _skip(self, offset: int, size: int) -> None:
        self.skipped += size
        self.warnings.append(f"{self.path.name}: {size} damaged bytes at offset {offset} skipped")


def _is_object(payload: msgspec.Raw) -> bool:
    return memoryview(payload)[0] == _BRACE


def _size(text: str) -> int:
    return len(text.strip().encode())
