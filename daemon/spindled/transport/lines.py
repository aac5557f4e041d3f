"""Chunks of bytes to lines, however the chunks were cut. No I/O."""

from __future__ import annotations

from spindled.transport.base import MAX_LINE, Line

__all__ = ["LineSplitter"]


class LineSplitter:
    """Splits on LF, drops a CR before it, and blank lines. Of a line over `limit` bytes only a None remains."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that `chunk` completes."""
        head, newline, rest = chunk.partition(b"\n")
        if not newline:
            self._hold(head)
            return []
        lines = [self._complete(head)]
        if rest:
            *whole, tail = rest.split(b"\n")
            lines += [self._bounded(line) for line in whole]
            self._hold(tail)
        return [line for line in lines if line != b""]

    def finish(self) -> list[Line]:
        """The last line, if the stream ended without a line end."""
        line = self._complete(b"")
        return [] if line == b"" else [line]

    def _hold(self, part: bytes) -> None:
        if self._skipping or not part:
            return
        self._size += len(part)
        if self._size > self._limit + 1:  # a CR may yet be dropped
            self._skipping = True
            self._parts.clear()
        else:
            self._parts.append(part)

    def _complete(self, end: bytes) -> Line:
        self._hold(end)
        line = None if self._skipping else self._bounded(b"".join(self._parts))
        self._parts.clear()
        self._size = 0
        self._skipping = False
        return line

    def _bounded(self, line: bytes) -> Line:
        if line.endswith(b"\r"):
            line = line[:-1]
        return line if len(line) <= self._limit else None
