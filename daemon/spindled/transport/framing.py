"""Where one message ends and the next begins: a line each, or a header with its length before each. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from spindled.transport.base import Line
from spindled.transport.lines import LineSplitter

__all__ = ["CONTENT_LENGTH", "LINES", "BodySplitter", "Framing", "Splitter"]

_NAME = b"content-length"
_MOST_HEADER = 8192
"""Bytes of one header line; a longer one is no header, and is passed over."""


class Splitter(Protocol):
    """Chunks of bytes to messages, however the chunks were cut."""

    def feed(self, chunk: bytes) -> list[Line]:
        """The messages that `chunk` completes."""

    def finish(self) -> list[Line]:
        """What the end of the stream completes."""


class Framing(NamedTuple):
    """`splitter` takes the bytes of the longest message; `wrap` takes messages that end in LF each."""

    splitter: Callable[[int], Splitter]
    wrap: Callable[[bytes], bytes]


class BodySplitter:
    """Takes what the Content-Length headers measure. Of a body over `limit` bytes only a None remains.

    Other headers are passed over; a block of headers without a length has no body.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._length: int | None = None
        self._body = False  # whether the headers are complete
        self._skip = 0

    def feed(self, chunk: bytes) -> list[Line]:
        self._held += chunk
        bodies: list[Line] = []
        while self._step(bodies):
            pass
        return bodies

    def finish(self) -> list[Line]:
        return []

    def _step(self, bodies: list[Line]) -> bool:
        """Whether something was taken."""
        if self._skip:
            taken = min(self._skip, len(self._held))
            self._skip -= taken
            del self._held[:taken]
            return taken > 0
        if self._body:
            return self._take_body(bodies)
        return self._take_header(bodies)

    def _take_body(self, bodies: list[Line]) -> bool:
        assert self._length is not None
        if len(self._held) < self._length:
            return False
        bodies.append(bytes(self._held[: self._length]))
        del self._held[: self._length]
        self._length, self._body = None, False
        return True

    def _take_header(self, bodies: list[Line]) -> bool:
        end = self._held.find(b"\n")
        if end < 0:
            if len(self._held) > _MOST_HEADER:
                self._held.clear()
            return False
        line = bytes(self._held[:end]).strip()
        del self._held[: end + 1]
        if line:
            name, _, value = line.partition(b":")
            if name.strip().lower() == _NAME and value.strip().isdigit():
                self._length = int(value)
        elif self._length is not None:
            self._body = True
            if self._length > self._limit:
                bodies.append(None)
                self._skip, self._length, self._body = self._length, None, False
        return True


def _with_lengths(messages: bytes) -> bytes:
    return b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in messages.split(b"\n") if body)


LINES = Framing(LineSplitter, bytes)
CONTENT_LENGTH = Framing(BodySplitter, _with_lengths)
