"""A bounded buffer that keeps the beginning and the end of an output."""

from __future__ import annotations

from collections import deque

_BLOCK = 64 * 1024
_CONTINUATION = bytes(range(0x80, 0xC0))


class HeadTail:
    """Keeps the first and the last half of `limit` bytes; what falls out of the middle is only counted.

    The end is held in blocks that are dropped whole, so an append costs what it appends and no more.
    """

    __slots__ = ("_blocks", "_end_limit", "_end_size", "_head", "_head_room", "total")

    def __init__(self, limit: int) -> None:
        self.total = 0
        self._head = bytearray()
        self._head_room = limit // 2
        self._blocks: deque[bytearray] = deque()
        self._end_limit = limit - limit // 2
        self._end_size = 0

    def append(self, data: bytes) -> None:
        self.total += len(data)
        if self._head_room:
            taken = data[: self._head_room]
            self._head += taken
            self._head_room -= len(taken)
            data = data[len(taken) :]
        if not data:
            return
        if self._blocks and len(self._blocks[-1]) + len(data) <= _BLOCK:
            self._blocks[-1] += data
        else:
            self._blocks.append(bytearray(data))
        self._end_size += len(data)
        while self._end_size - len(self._blocks[0]) >= self._end_limit:
            self._end_size -= len(self._blocks.popleft())

    @property
    def dropped(self) -> int:
        """Bytes that were left out."""
        return self.total - len(self._head) - min(self._end_size, self._end_limit)

    def parts(self) -> tuple[bytes, bytes]:
        """The bytes before and after the gap; without a gap they join to the whole."""
        end = b"".join(self._blocks)
        return bytes(self._head), end[max(0, len(end) - self._end_limit) :]

    def text(self) -> str:
        """The kept output as text, with a line that says how much is missing."""
        head, end = self.parts()
        if not self.dropped:
            return (head + end).decode("utf-8", "replace")
        return f"{_before_cut(head)}\n[... {self.dropped} bytes left out ...]\n{_after_cut(end)}"


def _before_cut(data: bytes) -> str:
    """Text without the stump of a character that the cut went through."""
    for length in range(1, min(4, len(data)) + 1):
        lead = data[-length]
        if lead & 0xC0 == 0x80:
            continue
        wanted = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
        if wanted > length:
            data = data[:-length]
        break
    return data.decode("utf-8", "replace")


def _after_cut(data: bytes) -> str:
    stump = len(data[:3]) - len(data[:3].lstrip(_CONTINUATION))
    return data[stump:].decode("utf-8", "replace")
