"""When another try is made, and how long after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.errors import Kind, ModelError
from spindled.model.retry import Backoff, duration, request_delay, seconds_in, stream_delay, wait_hint

NOW = 1_700_000_000.0


def error(kind: Kind, retry_after: float | None = None) -> ModelError:
    return ModelError(kind, "text", retry_after=retry_after)


def middle() -> float:
    return 0.5


def test_waits_double_up_to_the_cap() -> None:
    """Rows 1-01, 4-21."""
    waits = [stream_delay(error(Kind.DISCONNECTED), attempt, 100, middle) for attempt in range(1, 11)]
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])


def test_waits_are_jittered() -> None:
    """Row 4-21."""
    assert stream_delay(error(Kind.SERVER), 1, 5, lambda: 0.0) == pytest.approx(0.16)
    assert stream_delay(error(Kind.SERVER), 1, 5, lambda: 1.0) == pytest.approx(0.24)


@pytest.mark.parametrize(
    ("kind", "retry_after", "attempt", "silent", "visible"),
    [
        (Kind.SERVER, None, 1, True, True),
        (Kind.OVERLOADED, None, 2, True, True),
        (Kind.CONNECTION, None, 2, True, True),
        (Kind.SERVER, None, 3, False, False),  # the budget is used up
        (Kind.SERVER, 1.0, 1, True, True),
        (Kind.SERVER, 20.0, 1, False, True),  # too long for a silent wait
        (Kind.SERVER, 7200.0, 1, False, False),
        (Kind.RATE_LIMIT, None, 1, False, True),
        (Kind.RATE_LIMIT, 5.0, 2, False, True),
        (Kind.DISCONNECTED, None, 1, False, True),
        (Kind.UNAUTHORIZED, None, 1, False, True),
        (Kind.UNAUTHORIZED, None, 2, False, False),
        (Kind.CREDENTIALS, None, 1, False, False),
        (Kind.CONTEXT_WINDOW, None, 1, False, False),
        (Kind.USAGE_LIMIT, 1.0, 1, False, False),
        (Kind.BAD_REQUEST, None, 1, False, False),
    ],
)
def test_who_retries(kind: Kind, retry_after: float | None, attempt: int, silent: bool, visible: bool) -> None:
    failure = error(kind, retry_after)
    assert (request_delay(failure, attempt, 2) is not None) is silent
    assert (stream_delay(failure, attempt, 2) is not None) is visible


def test_no_budget_no_retry() -> None:
    assert request_delay(error(Kind.SERVER), 1, 0) is None
    assert stream_delay(error(Kind.SERVER), 1, 0) is None


def test_a_rate_limit_without_a_hint_waits_long() -> None:
    """Row 1-01."""
    waits = [stream_delay(error(Kind.RATE_LIMIT), attempt, 9, lambda: 0.0) for attempt in (1, 2, 3, 4)]
    assert waits == [30, 60, 120, 120]
    assert Backoff(rate_limit_wait=3).stream_delay(error(Kind.RATE_LIMIT), 1, 1, lambda: 0.0) == 3


@given(st.floats(0, 600), st.integers(1, 9), st.floats(0, 1))
def test_never_earlier_than_asked(hint: float, attempt: int, chance: float) -> None:
    wait = stream_delay(error(Kind.RATE_LIMIT, hint), attempt, 9, lambda: chance)
    assert wait is not None
    assert hint <= wait <= hint * 1.2 + 0.2


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        ({"retry-after": "3"}, "", 3),
        ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after-ms": "250", "retry-after": "3"}, "", 0.25),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, "", 10),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:10 GMT"}, "", 0),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "-3"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({}, "Rate limit reached. Please try again in 11.05s. Visit ...", 11.05),
        ({}, "try again in 28ms", 0.028),
        ({}, "Try again in 1m2s.", 62),
        ({}, "Please retry after 3 seconds", 3),
        ({}, "try again in 2 minutes", 120),
        ({}, "try again in 1h1m", 3660),
        ({}, "try again in a while", None),
        ({}, "Try again later.", None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, "", 360),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"}, "", 0.12),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "6m0s"}, "", None),
        ({}, "", None),
    ],
)
def test_hints(headers: dict[str, str], message: str, wait: float | None) -> None:
    """Row 4-21."""
    assert wait_hint(headers, message, NOW) == (wait if wait is None else pytest.approx(wait))


def test_durations() -> None:
    assert duration("nothing") is None
    assert seconds_in("try again in 5 monkeys") is None
