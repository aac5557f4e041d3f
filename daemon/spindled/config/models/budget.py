"""Budgets and prices as config.toml has them: what a turn and a thread may use, what a million tokens of a model cost.

None is no limit, and a price that nobody gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from spindled.config.errors import ConfigError

if TYPE_CHECKING:
    from spindled.config.schema import Settings

Count = Annotated[int, Meta(ge=0)]
Amount = Annotated[float, Meta(ge=0)]
Price = Annotated[float, Meta(ge=0, le=1e9)]


class TurnLimits(Struct, frozen=True, kw_only=True):
    """The most that a turn may use of each kind: N allows N."""

    total_tokens: Count | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    cost_usd: Amount | None = None
    wall_seconds: Amount | None = None
    tool_calls: Count | None = None
    delegated_tasks: Count | None = None
    model_calls: Count | None = None


class ThreadLimits(TurnLimits, frozen=True, kw_only=True):
    """The most that all turns of a thread may use together."""

    turns: Count | None = None


class Budgets(Struct, frozen=True, kw_only=True):
    turn: TurnLimits = TurnLimits()
    thread: ThreadLimits = ThreadLimits()


class ModelPrice(Struct, frozen=True, kw_only=True):
    """USD for a million tokens. What is read from or written to a cache costs as input unless it is said."""

    input: Price | None = None
    output: Price | None = None
    cached_input: Price | None = None
    cache_write_input: Price | None = None


def check_prices(settings: Settings) -> None:
    """Raises ConfigError for a price that lacks what every request has."""
    for model, price in settings.model_prices.items():
        if price.input is None or price.output is None:
            raise ConfigError(f"model_prices.{model}: `input` and `output` are needed")


def find_price(prices: Mapping[str, ModelPrice], names: Iterable[str]) -> ModelPrice | None:
    """The price under the first of a model's names that has one."""
    return next((prices[name] for name in names if name in prices), None)
