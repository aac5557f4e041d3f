"""The rows of the fault matrix: what goes wrong, and what has to come of it by the project's rulings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.support.broken import APIS, DELTAS, SSE_HEAD, TEXT, Upto, broken, closed_without_length, events_of
from tests.support.fake_items import Hold, Item, event, hold, message, reasoning
from tests.support.fake_provider import End, Reply, answer, event_stream, head, raw, stream
from tests.support.link import Fault

Make = Callable[[str | None], Reply]
"""The answer; the name is that of a hold before its last part, for who wants to come in between."""
Info = str | Mapping[str, Any] | None
IDLE_MS = 1500
MEGABYTE = 1 << 20
LONGEST_EVENT = 64 * MEGABYTE


class Moment(Enum):
    """The columns: when it goes wrong."""

    FIRST = "first call"
    ONCE = "only once"
    TOOL = "after a tool call"
    COMPACT = "in a compaction"
    INTERRUPT = "interrupted amid it"
    WAIT = "interrupted after it"


class Tried(Enum):
    """How often a request is made that goes on failing, with one silent and one visible repetition configured."""

    FINE = "nothing is wrong"
    NEVER = "it fails at once"
    VISIBLY = "once more, after a notice"
    SILENTLY = "once more, after a notice, each time twice"

    @property
    def requests(self) -> int:
        return {Tried.VISIBLY: 2, Tried.SILENTLY: 4}.get(self, 1)


@dataclass(frozen=True)
class Outcome:
    """What has to come of a cell. `info`: codexErrorInfo, None if the turn is completed or interrupted; `notices`: of
    retries; `requests`: that reach the provider; `texts`: of the messages that are completed."""

    status: str
    info: Info = None
    notices: int = 0
    requests: int = 1
    texts: tuple[str, ...] = ()
    compacted: bool = False


@dataclass(frozen=True)
class Failure:
    """`kept`: the texts that one failing attempt finishes; `noticed`: the HTTP status in the notices of a retry;
    `others`: moments with an outcome of their own, None for those that make no sense; `gap_s`: the least time between
    two attempts."""

    name: str
    make: Make | None
    tried: Tried
    info: Info = None
    noticed: int | None = None
    kept: tuple[str, ...] = ()
    api: str = "responses"
    link: Fault | None = None
    no_address: bool = False
    idle_ms: int = 20_000
    gap_s: float = 0.0
    others: Mapping[Moment, Outcome | None] = field(default_factory=dict)

    def outcome(self, moment: Moment) -> Outcome | None:
        """What has to come of it then; None: there is no such cell."""
        if moment in self.others:
            return self.others[moment]
        if self.api != "responses" and moment not in (Moment.FIRST, Moment.ONCE):
            return None
        return OUTCOMES[moment](self)


SECOND = "second answer"
"""What the provider says when it is all right again."""


def _first(row: Failure) -> Outcome:
    if row.tried is Tried.FINE:
        return Outcome("completed", texts=row.kept)
    visible = 2 if row.tried in (Tried.VISIBLY, Tried.SILENTLY) else 1
    requests = 0 if row.make is None else row.tried.requests
    return Outcome("failed", row.info, visible - 1, requests, row.kept * visible)


def _once(row: Failure) -> Outcome:
    if row.tried in (Tried.FINE, Tried.NEVER):
        return _first(row)
    if row.make is None:  # what is not reached at all is made good after the notice
        return Outcome("completed", None, 1, 1, (SECOND,))
    return Outcome("completed", None, int(row.tried is Tried.VISIBLY), 2, (*row.kept, SECOND))


def _tool(row: Failure) -> Outcome:
    first = _first(row)
    return Outcome(first.status, first.info, first.notices, first.requests + 1, first.texts)


def _compact(row: Failure) -> Outcome:
    first = _first(row)
    return Outcome(first.status, first.info, first.notices, first.requests, (), first.status == "completed")


def _interrupt(row: Failure) -> Outcome | None:
    return Outcome("interrupted") if row.make is not None else None


def _wait(row: Failure) -> Outcome | None:
    if row.tried in (Tried.FINE, Tried.NEVER):
        return None
    return Outcome("interrupted", None, 1, 0 if row.make is None else row.tried.requests // 2, row.kept)


OUTCOMES: dict[Moment, Callable[[Failure], Outcome | None]] = {
    Moment.FIRST: _first,
    Moment.ONCE: _once,
    Moment.TOOL: _tool,
    Moment.COMPACT: _compact,
    Moment.INTERRUPT: _interrupt,
    Moment.WAIT: _wait,
}


# -- the provider cannot be reached

CONNECTION: Info = {"httpConnectionFailed": {"httpStatusCode": None}}
UNREACHABLE = [
    Failure("connection refused", None, Tried.SILENTLY, CONNECTION, link=Fault.REFUSED),
    Failure("TLS: nobody trusts it", None, Tried.SILENTLY, CONNECTION, link=Fault.UNTRUSTED),
    Failure("TLS: another name", None, Tried.SILENTLY, CONNECTION, link=Fault.WRONG_NAME),
    Failure("TLS: closed in the handshake", None, Tried.SILENTLY, CONNECTION, link=Fault.HANDSHAKE),
    Failure(
        "DNS: no such name",
        None,
        Tried.SILENTLY,
        CONNECTION,
        no_address=True,
        # An address that was found is remembered for some seconds: it cannot get lost within a turn.
        others={Moment.TOOL: None, Moment.COMPACT: None},
    ),
]


# -- the answer breaks


def _broken(upto: Upto, end: End, api: str, **shape: Any) -> Make:
    return lambda held: broken(api, upto, end, hold=held, **shape)


def _closed(upto: Upto, end: End, api: str) -> Make:
    return lambda held: closed_without_length(api, upto, end, held)


def broken_answers(api: str) -> list[Failure]:
    """What can happen to an answer on its way, whatever it says."""
    prefix = "" if api == "responses" else f"{api}: "

    def lost(name: str, make: Make, **more: Any) -> Failure:
        return Failure(prefix + name, make, Tried.VISIBLY, "other", api=api, **more)

    def gone(name: str, make: Make) -> Failure:
        return Failure(prefix + name, make, Tried.SILENTLY, CONNECTION, api=api)

    def fine(name: str, make: Make) -> Failure:
        return Failure(prefix + name, make, Tried.FINE, kept=(TEXT,), api=api)

    whole: tuple[str, ...] = (TEXT,) if api == "responses" else ()  # others say at the end only what is whole
    return [
        gone("reset before any byte", _broken(Upto.NOTHING, End.RESET, api)),
        gone("closed before any byte", _broken(Upto.NOTHING, End.CUT, api)),
        lost("reset after the headers", _broken(Upto.HEADERS, End.RESET, api)),
        lost("closed after the headers", _broken(Upto.HEADERS, End.CUT, api)),
        lost("reset within the first delta", _broken(Upto.BEGUN, End.RESET, api)),
        lost("reset after the first delta", _broken(Upto.DELTA, End.RESET, api)),
        lost("cut after the first delta", _broken(Upto.DELTA, End.CUT, api)),
        lost("half an event, then closed", _closed(Upto.HALF, End.CUT, api)),
        lost("half a chunk, then closed", _broken(Upto.DELTA, End.MID_CHUNK, api)),
        lost("ended after the first delta", _broken(Upto.DELTA, End.WHOLE, api)),
        lost("no terminal event", _broken(Upto.NO_END, End.WHOLE, api), kept=whole),
        lost("silent before the headers", _broken(Upto.NOTHING, End.STALL, api), idle_ms=IDLE_MS),
        lost("silent after the first delta", _broken(Upto.DELTA, End.STALL, api), idle_ms=IDLE_MS),
        fine("CRLF, cut anywhere", _broken(Upto.ALL, End.WHOLE, api, sizes=(1, 2, 3, 5), crlf=True)),
        fine("one byte a packet", _broken(Upto.ALL, End.WHOLE, api, sizes=1)),
        fine("gzip", _broken(Upto.ALL, End.WHOLE, api, compress=True)),
        lost("gzip, cut off", _broken(Upto.DELTA, End.CUT, api, compress=True)),
        lost("gzip that is none", lambda held: not_gzip(held)),
        fine("an event of 1 MB of noise", _noise(api)),
    ]


def not_gzip(held: str | None) -> Reply:
    kind = {"content-type": "text/event-stream", "content-encoding": "gzip", "connection": "close"}
    return raw(head(200, kind), *_wait_at(held), b"data: this was never compressed\n\n")


def _noise(api: str) -> Make:
    """A comment and an event of a type of its own, both large, before what counts."""

    def make(held: str | None) -> Reply:
        noise = b'data: {"type":"keepalive","object":"noise","padding":"%s"}\n\n' % (b"x" * MEGABYTE)
        return event_stream(
            lambda response_id: [b": %s\n\n" % (b"y" * MEGABYTE), noise, *_wait_at(held), *events_of(api, response_id)]
        )

    return make


def endless(held: str | None) -> Reply:
    """An event beyond every bound."""
    piece = b"x" * MEGABYTE
    count = LONGEST_EVENT // MEGABYTE + 1
    return raw(SSE_HEAD, b'data: {"type":"response.output_text.delta","delta":"', *_wait_at(held), *[piece] * count)


def large(held: str | None) -> Reply:
    """One delta of a megabyte."""
    text = "words " * (MEGABYTE // 6)
    return stream(*_item_hold(held), message(text))


# -- the answer is another


def status(
    code: int,
    error: str | None = None,
    kind: str | None = None,
    text: str = "scripted",
    **headers: str,
) -> Make:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"message": text, "code": error, "type": kind}}

    def make(held: str | None) -> Reply:
        return _held(answer(code, body, headers=fields), held)

    return make


def page(code: int) -> Make:
    html = "<!doctype html><html><head><title>Bad gateway</title></head><body>nginx</body></html>"
    return lambda held: _held(answer(code, html), held)


def _held(reply: Reply, held: str | None) -> Reply:
    reply.before = Hold(held) if held else None
    return reply


def too_many(http_status: int | None) -> Info:
    return {"responseTooManyFailedAttempts": {"httpStatusCode": http_status}}


def not_a_stream(http_status: int) -> Info:
    return {"responseStreamConnectionFailed": {"httpStatusCode": http_status}}


def refused(code: int) -> Failure:
    return Failure(str(code), status(code), Tried.NEVER, "other")


def repeated(code: int, info: str) -> list[Failure]:
    """Statuses that pass. A wait that is asked for is kept; a long one is not waited for in silence."""
    hinted = status(code, retry_after="0.05")
    return [
        Failure(str(code), status(code), Tried.SILENTLY, info),
        Failure(f"{code}, retry-after", hinted, Tried.SILENTLY, info, gap_s=0.05),
    ]


STATUSES = [
    *(refused(code) for code in (400, 404, 413, 422)),
    *(Failure(str(c), status(c), Tried.VISIBLY, "unauthorized", noticed=c) for c in (401, 403)),
    *repeated(408, "internalServerError"),
    Failure("409", status(409), Tried.SILENTLY, "internalServerError"),
    # Without a hint the wait is half a minute: only its interruption is shown here, more in unit/model/test_retry.py
    Failure(
        "429",
        status(429),
        Tried.VISIBLY,
        too_many(429),
        noticed=429,
        others={Moment.FIRST: None, Moment.ONCE: None, Moment.TOOL: None, Moment.COMPACT: None},
    ),
    Failure("429, retry-after", status(429, retry_after="0.3"), Tried.VISIBLY, too_many(429), noticed=429, gap_s=0.3),
    Failure("429, retry-after 1 h", status(429, retry_after="3600"), Tried.NEVER, too_many(429)),
    Failure(
        "429, try again in 30ms",
        status(429, text="Please try again in 30ms."),
        Tried.VISIBLY,
        too_many(429),
        noticed=429,
    ),
    Failure("429, no quota", status(429, "insufficient_quota"), Tried.NEVER, "usageLimitExceeded"),
    *repeated(500, "internalServerError"),
    *repeated(502, "internalServerError"),
    *repeated(503, "serverOverloaded"),
    *repeated(504, "internalServerError"),
    Failure("503, retry-after 2.1", status(503, retry_after="2.1"), Tried.VISIBLY, "serverOverloaded", gap_s=2.1),
    Failure("307", status(307, location="http://127.0.0.1:1/"), Tried.NEVER, not_a_stream(307)),
    Failure("502, HTML page", page(502), Tried.SILENTLY, "internalServerError"),
    Failure("200, HTML page", page(200), Tried.NEVER, not_a_stream(200)),
    Failure("200, JSON", lambda held: _held(answer(200, {"output": []}), held), Tried.NEVER, not_a_stream(200)),
    Failure("200, JSON error", status(200, "server_error"), Tried.VISIBLY, "internalServerError"),
    Failure(
        "200, stream as text/plain",
        _broken(Upto.ALL, End.WHOLE, "responses", headers={"content-type": "text/plain"}),
        Tried.FINE,
        kept=(TEXT,),
    ),
]

OVERFLOW = "contextWindowExceeded"
# A summary that is refused too is asked for again with less, until nothing can be left out.
RELIEVED = {
    Moment.FIRST: Outcome("failed", OVERFLOW, requests=3),
    Moment.ONCE: Outcome("completed", requests=3, texts=(SECOND,), compacted=True),
    Moment.TOOL: Outcome("failed", OVERFLOW, requests=5),
    Moment.COMPACT: Outcome("failed", OVERFLOW, requests=2),
}


# -- what the stream itself says


def says(*items: Item, **response: Any) -> Make:
    return lambda held: stream(*_item_hold(held), *items, **response)


def failed(code: str | None, text: str = "scripted") -> Make:
    return says(message(deltas=DELTAS), status="failed", error={"code": code, "message": text})


def error_event(code: str, text: str = "scripted") -> Make:
    return says(event({"type": "error", "error": {"code": code, "message": text, "type": code}}), status="")


def fails(code: str | None, tried: Tried, info: Info, text: str = "scripted", **more: Any) -> Failure:
    """A response that is finished, but for its end, and then failed."""
    return Failure(f"failed: {code or 'without a code'}", failed(code, text), tried, info, kept=(TEXT,), **more)


def unusable(compact: int = 1) -> dict[Moment, Outcome | None]:
    """No summary comes of it."""
    return {Moment.COMPACT: Outcome("failed", OVERFLOW, requests=compact)}


CUT_OFF = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
FILTERED = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
THOUGHTS = reasoning(["thinking"])

TERMINALS = [
    Failure("completed", says(message(deltas=DELTAS)), Tried.FINE, kept=(TEXT,)),
    Failure("completed, only its end has output", lambda h: only_output(h), Tried.FINE, kept=(TEXT,)),
    Failure("completed, its end has no output", says(message(deltas=DELTAS), output=[]), Tried.FINE, kept=(TEXT,)),
    Failure("completed, empty", says(), Tried.FINE, others=unusable()),
    Failure(
        "completed, only reasoning",
        says(THOUGHTS),
        Tried.NEVER,
        "other",
        others={
            Moment.FIRST: Outcome("failed", "other", requests=2),
            Moment.ONCE: Outcome("completed", requests=2, texts=(SECOND,)),
            Moment.TOOL: Outcome("failed", "other", requests=3),
            **unusable(),
        },
    ),
    Failure(
        "incomplete: max_output_tokens",
        says(message(deltas=DELTAS), **CUT_OFF),
        Tried.NEVER,
        "other",
        others={
            Moment.FIRST: Outcome("failed", "other", requests=4, texts=(TEXT,) * 4),
            Moment.ONCE: Outcome("completed", requests=2, texts=(TEXT, SECOND)),
            Moment.TOOL: Outcome("failed", "other", requests=5, texts=(TEXT,) * 4),
            Moment.COMPACT: Outcome("completed", compacted=True),  # a summary without its end is one
        },
    ),
    Failure(
        "incomplete: content_filter",
        says(message(deltas=DELTAS), **FILTERED),
        Tried.NEVER,
        "other",
        kept=(TEXT,),
        others=unusable(),
    ),
    Failure("incomplete: no reason", says(status="incomplete"), Tried.NEVER, "other", others=unusable()),
    Failure("cancelled", says(status="cancelled"), Tried.VISIBLY, "other"),
    fails("server_error", Tried.VISIBLY, "internalServerError"),
    fails("rate_limit_exceeded", Tried.VISIBLY, too_many(None), "Please try again in 40ms.", gap_s=0.04),
    fails("server_is_overloaded", Tried.VISIBLY, "serverOverloaded"),
    fails("slow_down", Tried.VISIBLY, "serverOverloaded"),
    fails("insufficient_quota", Tried.NEVER, "usageLimitExceeded"),
    fails("usage_not_included", Tried.NEVER, "usageLimitExceeded"),
    fails("invalid_prompt", Tried.NEVER, "other"),
    fails("model_output_invalid", Tried.NEVER, "other"),
    fails("cyber_policy", Tried.NEVER, "cyberPolicy"),
    fails("something_new", Tried.VISIBLY, "other"),
    fails(None, Tried.VISIBLY, "other"),
    Failure(
        "failed: context_length_exceeded",
        says(status="failed", error={"code": "context_length_exceeded", "message": "Too long."}),
        Tried.NEVER,
        OVERFLOW,
        others=RELIEVED,
    ),
    Failure(
        "400 context_length_exceeded", status(400, "context_length_exceeded"), Tried.NEVER, OVERFLOW, others=RELIEVED
    ),
    Failure("error event: server_error", error_event("server_error"), Tried.VISIBLY, "internalServerError"),
    Failure(
        "error event: rate limit",
        error_event("rate_limit_exceeded", "Try again in 30ms."),
        Tried.VISIBLY,
        too_many(None),
        gap_s=0.03,
    ),
    Failure("error event: invalid_prompt", error_event("invalid_prompt"), Tried.NEVER, "other"),
    Failure("an event that is no JSON", lambda held: malformed(held), Tried.VISIBLY, "other"),
    Failure(
        "an event of more than 64 MB", endless, Tried.VISIBLY, "other", others={Moment.TOOL: None, Moment.WAIT: None}
    ),
    Failure("a delta of 1 MB", large, Tried.FINE, kept=("words " * (MEGABYTE // 6),), others=unusable()),
]


def only_output(held: str | None) -> Reply:
    """No item was announced, none is done."""
    content = [{"type": "output_text", "text": TEXT, "annotations": []}]
    item = {"type": "message", "id": "msg_only", "role": "assistant", "content": content, "status": "completed"}
    return stream(*_item_hold(held), output=[item])


def malformed(held: str | None) -> Reply:
    return event_stream(
        lambda response_id: [*events_of("responses", response_id)[:4], *_wait_at(held), b'data: {"type": "resp\n\n']
    )


def _item_hold(held: str | None) -> list[Item]:
    return [hold(held)] if held else []


def _wait_at(held: str | None) -> list[Any]:
    return [Hold(held)] if held else []


FAILURES: list[Failure] = [
    *UNREACHABLE,
    *broken_answers("responses"),
    *STATUSES,
    *TERMINALS,
    *(row for api in APIS[1:] for row in broken_answers(api)),
]
CELLS: list[tuple[Failure, Moment]] = [
    (row, moment) for row in FAILURES for moment in Moment if row.outcome(moment) is not None
]
