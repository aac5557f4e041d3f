"""Answers of any of the three APIs that break, stall or are shaped oddly at a place that a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from tests.support.fake_chat import chat_stream
from tests.support.fake_items import Hold, Pause, message
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import End, Reply, event_stream, head, raw, stream
from tests.support.spoken import Say

APIS = ("responses", "chat", "messages")
SSE_HEAD = head(200, {"content-type": "text/event-stream", "connection": "close"})
DELTAS = ("half of ", "an änswer ", "🚲 and so on")
"""Three deltas with characters of two and of four bytes."""
TEXT = "".join(DELTAS)


class Upto(Enum):
    """How much of an answer is sent."""

    NOTHING = "nothing at all"
    HEADERS = "the head of the answer"
    BEGUN = "all before the first delta, and half of that"
    DELTA = "the first delta"
    HALF = "the first delta, and half of the next event"
    NO_END = "all but the terminal event"
    ALL = "all of it"


def says(api: str, text: str) -> Reply:
    """A whole answer of one delta."""
    replies: dict[str, Callable[[], Reply]] = {
        "responses": lambda: stream(message(text)),
        "chat": lambda: chat_stream(Say(text)),
        "messages": lambda: messages_stream(Say(text)),
    }
    return replies[api]()


def events_of(api: str, response_id: str, deltas: tuple[str, ...] = DELTAS) -> list[bytes]:
    """The encoded events of a whole answer of these deltas."""
    if api == "responses":
        return _bytes(stream(message(deltas=deltas)).steps(response_id))
    parts = [Say(delta) for delta in deltas]
    if api == "chat":
        return _bytes(chat_stream(*parts).steps(response_id))
    # One block for all: as many pieces as there are deltas, wherever they are cut.
    return _bytes(messages_stream(Say("".join(deltas), deltas=len(deltas))).steps(response_id))


def broken(api: str, upto: Upto, end: End, *, hold: str | None = None, crlf: bool = False, **shape: Any) -> Reply:
    """An answer that ends before its end. `hold`: waited for before the last of it; `shape` as for `stream`."""
    wait: list[bytes | Hold | Pause] = [Hold(hold)] if hold else []
    if upto is Upto.NOTHING:
        return raw(*wait, end=end)
    if upto is Upto.HEADERS:
        return raw(SSE_HEAD, *wait, end=end)

    def steps(response_id: str) -> list[bytes | Hold | Pause]:
        events = events_of(api, response_id)
        kept, rest = _cut([each.replace(b"\n", b"\r\n") for each in events] if crlf else events, upto)
        return [*kept, *wait, *rest]

    return event_stream(steps, end=end, **shape)


def closed_without_length(api: str, upto: Upto, end: End, hold: str | None = None) -> Reply:
    """As `broken`, of a server whose body lasts until it closes: its end looks like the end of the body."""
    wait: list[bytes | Hold | Pause] = [Hold(hold)] if hold else []
    kept, rest = _cut(events_of(api, "resp_closed"), upto)
    return raw(SSE_HEAD, *kept, *wait, *rest, end=end)


def first_delta(events: list[bytes]) -> int:
    """The index of the first event that has text of the answer."""
    needle = DELTAS[0][:4].encode()
    return next(index for index, each in enumerate(events) if needle in each)


def _cut(events: list[bytes], upto: Upto) -> tuple[list[bytes], list[bytes]]:
    """What is sent, and what of it comes last."""
    first = first_delta(events)
    if upto is Upto.BEGUN:
        return events[:first], [_half(events[first])]
    if upto is Upto.DELTA:
        return events[: first + 1], []
    if upto is Upto.HALF:
        return events[: first + 1], [_half(events[first + 1])]
    if upto is Upto.NO_END:
        return events[: first + 1], events[first + 1 : -1]
    return events[: first + 1], events[first + 1 :]


def _half(event: bytes) -> bytes:
    return event[: len(event) // 2]


def _bytes(steps: list[bytes | Hold | Pause]) -> list[bytes]:
    return [step for step in steps if isinstance(step, bytes)]
