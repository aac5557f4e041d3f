"""How many tokens something takes: a cheap estimate, used only where the model has reported nothing newer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from spindled.agent.history.history import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Item = dict[str, Any]

BYTES_PER_TOKEN = 4
IMAGE_TOKENS = 1_500

_encode = msgspec.json.Encoder().encode

_REQUESTED = re.compile(r"(?:requested|resulted in|too long:|request \()\s*(?:about\s+)?([\d,]+) tokens", re.IGNORECASE)
_MAXIMUM = re.compile(
    r"(?:maximum context length (?:is|of) |context window of |> |context size \()([\d,]+)(?: tokens| maximum)",
    re.IGNORECASE,
)


def estimate(value: Any) -> int:
    """Tokens of an item, a tool's specification or a text. An image counts the same whatever its size."""
    images = 0
    if isinstance(value, dict):
        for name in ("content", "output"):
            parts = value.get(name)
            if isinstance(parts, list):
                words = [part for part in parts if part.get("type") != "input_image"]
                images += len(parts) - len(words)
                value = {**value, name: words}
    return len(_encode(value)) // BYTES_PER_TOKEN + 1 + images * IMAGE_TOKENS


def estimate_all(values: Iterable[Any]) -> int:
    return sum(map(estimate, values))


def after_last_answer(items: Sequence[Item]) -> int:
    """The index behind the last item that the model made: what follows is new to it."""
    index = len(items)
    while index and (items[index - 1].get("type") in OUTPUTS or items[index - 1].get("role") in ("user", "developer")):
        index -= 1
    return index


class ContextMeter:
    """The tokens of a growing history: what the model last reported, and an estimate of what came since.

    Each item is estimated once, so reading the size costs no more than what is new.
    """

    def __init__(self) -> None:
        self._tokens = 0
        self._counted = 0

    def reported(self, tokens: int, items: Sequence[Item]) -> None:
        """The model counted this many tokens up to the last item that it made."""
        self.set(tokens, after_last_answer(items))

    def set(self, tokens: int, counted: int) -> None:
        """The first `counted` items take this many tokens."""
        self._tokens, self._counted = tokens, counted

    def size(self, items: Sequence[Item]) -> int:
        if self._counted > len(items):  # something was left out
            self._tokens = self._counted = 0
        self._tokens += estimate_all(items[index] for index in range(self._counted, len(items)))
        self._counted = len(items)
        return self._tokens


class Overflow(NamedTuple):
    """What a provider says about a request that is too long; None where it says nothing."""

    requested: int | None
    maximum: int | None


def overflow_in(message: str) -> Overflow:
    """The numbers in such as "maximum context length is 8,192 tokens, but you requested 9,000 tokens"."""
    return Overflow(_number(_REQUESTED.search(message)), _number(_MAXIMUM.search(message)))


def _number(found: re.Match[str] | None) -> int | None:
    digits = found.group(1).replace(",", "") if found else ""
    return int(digits) if digits and len(digits) < 12 else None
