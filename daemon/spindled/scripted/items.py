"""What a scripted reply is made of: items that are streamed in order, and how the reply ends."""

from __future__ import annotations

import re
from itertools import cycle, islice
from typing import Literal, TypeAlias

from msgspec import Struct

_WORD = re.compile(r"\S+\s*|\s+")


class Message(Struct, frozen=True, kw_only=True):
    """Assistant text of `count` deltas, the pieces used in turn; with `every_ms` there is a pause between deltas."""

    pieces: tuple[str, ...]
    count: int
    every_ms: int = 0

    @classmethod
    def of(cls, text: str, width: int = 12) -> Message:
        """The text, cut at spaces into deltas of about `width` characters."""
        pieces: list[str] = []
        for word in _WORD.findall(text):
            if pieces and len(pieces[-1]) + len(word) <= width:
                pieces[-1] += word
            else:
                pieces.append(word)
        return cls(pieces=tuple(pieces), count=len(pieces))

    @property
    def text(self) -> str:
        return "".join(islice(cycle(self.pieces), self.count))


class Reasoning(Struct, frozen=True):
    """A reasoning item with one summary part."""

    text: str


class ToolCall(Struct, frozen=True, kw_only=True):
    """A function call (`payload` is JSON text) or a custom tool call (`payload` is free text)."""

    name: str
    payload: str
    custom: bool = False
    namespace: str | None = None


Item: TypeAlias = Message | Reasoning | ToolCall


class HttpFailure(Struct, frozen=True, kw_only=True):
    """An answer with an HTTP status in place of a reply."""

    status: int
    body: str
    content_type: str = "application/json"
    retry_after: int | None = None


class Breakdown(Struct, frozen=True):
    """The stream breaks in its last item: ends without a last event (cut), is reset, or goes silent (stall)."""

    how: Literal["cut", "reset", "stall"]


class Failed(Struct, frozen=True):
    """`response.failed` with this code."""

    code: str
    message: str


class Incomplete(Struct, frozen=True):
    """`response.incomplete` with this reason; the last item is marked incomplete."""

    reason: str


class Empty(Struct, frozen=True):
    """`response.completed` without any output."""


Failure: TypeAlias = HttpFailure | Breakdown | Failed | Incomplete | Empty


class Reply(Struct, frozen=True):
    """Items in output order, then the failure that ends them, or None for a completed response."""

    items: tuple[Item, ...]
    failure: Failure | None = None
