"""Server-sent events, sans-io: bytes in as they come, the data of whole events out."""

from __future__ import annotations

MAX_EVENT_BYTES = 64 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """An event exceeds the bound."""


class SSESplitter:
    """Splits one stream. What is left when the stream ends was never finished and counts for nothing."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES):
        self._max = max_event_bytes
        self._pieces: list[bytes] = []  # the unfinished event, joined once it ends
        self._size = 0
        self._line_end = b""  # a line end held back: with the next chunk it may make a blank line
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that `chunk` completes. Raises EventTooLarge."""
        if not chunk:
            return []
        if self._after_cr or b"\r" in chunk:
            chunk = self._normalize(chunk)
        first, *others = (self._line_end + chunk).split(b"\n\n")
        last = others.pop() if others else None
        if last is None:
            self._hold(first)
            return []
        self._pieces.append(first)
        blocks = [b"".join(self._pieces), *others]
        self._pieces, self._size = [], 0
        self._hold(last)
        if self._at_start:
            self._at_start = False
            blocks[0] = blocks[0].removeprefix(BYTE_ORDER_MARK)
        return [data for block in blocks if (data := event_data(block)) is not None]

    def _hold(self, rest: bytes) -> None:
        self._line_end = b"\n" if rest.endswith(b"\n") else b""
        if self._line_end:
            rest = rest[:-1]
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
            if self._size > self._max:
                raise EventTooLarge(f"the provider sent an event of more than {self._max} bytes")

    def _normalize(self, chunk: bytes) -> bytes:
        """CR and CRLF as LF; a CRLF may be cut between two chunks."""
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def event_data(block: bytes) -> bytes | None:
    """The joined data lines of one event, None if it has none."""
    if block.startswith(b"event: "):  # nearly every event: one line of each
        end = block.find(b"\n")
        if end > 0 and block.startswith(b"data: ", end + 1) and block.find(b"\n", end + 7) < 0:
            return block[end + 7 :]
    elif block.startswith(b"data: ") and block.find(b"\n") < 0:
        return block[6:]
    lines = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            lines.append(value.removeprefix(b" "))
    return b"\n".join(lines) if lines else None
