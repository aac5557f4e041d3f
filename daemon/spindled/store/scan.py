"""Reading rollouts: bytes to records, whatever happened to the file.

A record is an object with a `type` and a `payload` object. Normally there is one per line. What is damaged is skipped
up to the next record, also within a line (a write that was cut short and continued by somebody else).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from json import JSONDecoder
from pathlib import Path

import msgspec

from spindled.store.errors import StoreError

_log = logging.getLogger(__name__)
_RECORD_START = re.compile(r'\{\s*"timestamp"\s*:')


class Record(msgspec.Struct):
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
        try:
            with self.path.open("rb") as file:
                for line in file:
                    if self._end is not None and offset >= self._end:
                        break
                    yield from self._records(line, offset)
                    offset += len(line)
        except OSError as error:
            raise StoreError(self.path, f"cannot read {self.path}: {error.strerror}") from error
        if self.skipped:
            _log.warning("%s: skipped %d damaged bytes", self.path, self.skipped)

    def damaged(self, record: Record) -> None:
        """Report a record whose payload could not be decoded."""
        self._skip(record.offset, len(memoryview(record.payload)))

    def _records(self, line: bytes, offset: int) -> Iterator[Record]:
        try:
            record = _decode(line)
        except (ValueError, RecursionError):
            yield from self._salvage(line, offset)
            return
        if not _is_object(record.payload):
            self._skip(offset, len(line))
            return
        record.offset = offset
        yield record

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
    return bytes(memoryview(payload)[:1]) == b"{"


def _size(text: str) -> int:
    return len(text.strip().encode())
