"""When to try again: pure policy, the caller sleeps.

A failed request is first repeated silently, within one attempt (`request_delay`); what that does not cure is repeated
visibly, as a new attempt from the history (`stream_delay`).
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from .errors import Kind, Retry

if TYPE_CHECKING:
    from .errors import ModelError

_TRY_AGAIN = re.compile(r"(?:try again|retry) (?:in|after)\s+((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+)", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|h|hours?|m|min(?:ute)?s?|s|sec(?:ond)?s?)(?![a-z])", re.I)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


class Backoff(Struct, frozen=True, kw_only=True):
    """Times in seconds. `rate_limit_wait`: the first wait for a rate limit that does not say how long it lasts.
    A provider that asks for more than `longest_hint` is not waited for, one that asks for more than
    `longest_silent_hint` not silently. `refused_retries`: how often refused credentials are tried again."""

    base: float = 0.2
    cap: float = 30.0
    jitter: float = 0.2
    rate_limit_wait: float = 30.0
    rate_limit_cap: float = 120.0
    longest_hint: float = 600.0
    longest_silent_hint: float = 2.0
    refused_retries: int = 1

    def request_delay(
        self, error: ModelError, attempt: int, budget: int, rng: Callable[[], float] = random.random
    ) -> float | None:
        """Seconds until the silent repetition number `attempt` (from 1); None if there is to be none."""
        if (
            error.retry is not Retry.REQUEST
            or attempt > budget
            or (error.retry_after or 0.0) > self.longest_silent_hint
        ):
            return None
        return self._wait(error, attempt, rng)

    def stream_delay(
        self, error: ModelError, attempt: int, budget: int, rng: Callable[[], float] = random.random
    ) -> float | None:
        """Seconds until the visible retry number `attempt` (from 1); None if there is to be none."""
        if error.kind is Kind.UNAUTHORIZED:
            budget = min(budget, self.refused_retries)
        elif error.kind is Kind.RATE_LIMIT and error.retry_after is None:
            budget = (budget + 1) // 2  # each of these waits is long
        if error.retry is Retry.NEVER or attempt > budget or (error.retry_after or 0.0) > self.longest_hint:
            return None
        return self._wait(error, attempt, rng)

    def _wait(self, error: ModelError, attempt: int, rng: Callable[[], float]) -> float:
        growth = 2.0 ** min(attempt - 1, 30)
        if error.retry_after is not None:
            return error.retry_after + rng() * min(self.base, error.retry_after * self.jitter)  # never earlier
        if error.kind is Kind.RATE_LIMIT:
            return min(self.rate_limit_wait * growth, self.rate_limit_cap) * (1.0 + rng() * self.jitter)
        return min(self.base * growth, self.cap) * (1.0 + (2.0 * rng() - 1.0) * self.jitter)


DEFAULT = Backoff()
request_delay = DEFAULT.request_delay
stream_delay = DEFAULT.stream_delay


def wait_hint(headers: Mapping[str, str], message: str, now: float) -> float | None:
    """Seconds that the provider asks to wait, None if it does not say. `now`: Unix time, for dates."""
    candidates = (
        _number(headers.get("retry-after-ms"), 0.001),
        _retry_after(headers.get("retry-after"), now),
        seconds_in(message),
        *(_reset(headers, what) for what in ("requests", "tokens")),
    )
    return next((wait for wait in candidates if wait is not None), None)


def seconds_in(message: str) -> float | None:
    """The wait in a text such as "Please try again in 1m2.5s." """
    found = _TRY_AGAIN.search(message)
    return duration(found.group(1)) if found else None


def duration(text: str) -> float | None:
    """Seconds of "1m2s", "11.05s", "28ms" or "3 seconds"."""
    parts = _DURATION.findall(text)
    if not parts:
        return None
    return sum(float(amount) * (0.001 if _is_ms(unit) else _UNITS[unit[0].lower()]) for amount, unit in parts)


def _is_ms(unit: str) -> bool:
    return unit.lower().startswith(("ms", "milli"))


def _retry_after(value: str | None, now: float) -> float | None:
    if value is None or (seconds := _number(value, 1.0)) is not None:
        return seconds if value is not None else None
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _reset(headers: Mapping[str, str], what: str) -> float | None:
    """When a limit that is used up begins anew."""
    if headers.get(f"x-ratelimit-remaining-{what}") != "0":
        return None
    return duration(headers.get(f"x-ratelimit-reset-{what}", ""))


def _number(value: str | None, scale: float) -> float | None:
    try:
        seconds = float(value or "") * scale
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
