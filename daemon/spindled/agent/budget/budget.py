"""Budgets as arithmetic: what was used, what may be, and the verdict on both. Nothing here waits or writes.

What can be refused beforehand (a call, a task, a turn) is refused when it would be one too many. What shows only
afterwards (tokens, cost, time) stops what follows once it is over the limit: N allows N in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from spindled.config.models.budget import ModelPrice, TurnLimits
from spindled.store.replay.naming import camel
from spindled.store.rollout.payloads import Spending, TokenUsage
from spindled_protocol.types import TurnError

Scope = Literal["turn", "thread"]
PriceOf = Callable[[str], ModelPrice | None]
Limits = TypeVar("Limits", bound=TurnLimits)

# In the order in which they are looked at: the first that is over gives the reason.
NOUNS = {
    "total_tokens": "tokens",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "reasoning_tokens": "reasoning tokens",
    "cost_usd": "USD",
    "wall_seconds": "seconds",
    "tool_calls": "tool calls",
    "delegated_tasks": "delegated tasks",
    "model_calls": "model calls",
    "turns": "turns",
}
TOKENS = {
    "total_tokens": "total_tokens",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
}
PER_PRICE = -6  # a price is for a million tokens, 10 ** 6


class Exceeded(NamedTuple):
    """Why a turn stops. `kind` is a key of NOUNS; `unpriced`: the models because of which the cost is not known."""

    scope: Scope
    kind: str
    limit: int | float
    used: int | float
    unpriced: tuple[str, ...] = ()

    @property
    def numbers(self) -> str:
        return f"{shown(self.used)} of {shown(self.limit)} {NOUNS[self.kind]}"

    @property
    def text(self) -> str:
        if self.unpriced:
            return unknown_cost(self)
        return f"The budget of this {self.scope} is used up: {self.numbers}."

    def to_turn_error(self) -> TurnError:
        """For people in `message`, for programs in `codexErrorInfo` and, as JSON, in `additionalDetails`."""
        details: dict[str, Any] = {
            "scope": self.scope,
            "kind": camel(self.kind),
            "limit": self.limit,
            "used": self.used,
        }
        if self.unpriced:
            details["unpriced"] = list(self.unpriced)
        return TurnError(
            message=f"Stopped. {self.text}",
            codexErrorInfo="sessionBudgetExceeded",
            additionalDetails=msgspec.json.encode(details).decode(),
        )


class BudgetExceeded(Exception):
    """The turn must not go on."""

    def __init__(self, exceeded: Exceeded):
        super().__init__(exceeded.text)
        self.exceeded = exceeded


class Cost(NamedTuple):
    """What tokens cost; without those of `unpriced` models."""

    usd: Decimal
    unpriced: tuple[str, ...]


class Account:
    """The limits of one scope, and what was used under them."""

    def __init__(self, scope: Scope, limits: TurnLimits, spent: Spending, price_of: PriceOf):
        self.scope = scope
        self.limits = limits
        self.spent = spent
        self.price_of = price_of

    @property
    def cost(self) -> Cost:
        """Of the tokens at today's prices, and of tools."""
        tokens = cost_of(self.spent.tokens, self.price_of)
        return tokens._replace(usd=tokens.usd + self.spent.tools_usd)

    @property
    def usd_left(self) -> Decimal | None:
        """None without a limit. What the user allowed beyond the limit does not count against it."""
        if self.limits.cost_usd is None:
            return None
        return decimal(self.limits.cost_usd) + self.spent.approved_usd - self.cost.usd

    @property
    def seconds_left(self) -> float | None:
        limit = self.limits.wall_seconds
        return None if limit is None else limit - self.spent.wall_ms / 1000

    def over(self) -> Exceeded | None:
        """The first of what shows only afterwards that is over its limit."""
        for kind, name in TOKENS.items():
            limit = getattr(self.limits, kind)
            if limit is not None and (used := counted(self.spent.tokens, name)) > limit:
                return Exceeded(self.scope, kind, limit, used)
        left = self.usd_left
        if left is not None and left < 0 and self.limits.cost_usd is not None:
            return Exceeded(self.scope, "cost_usd", self.limits.cost_usd, float(self.cost.usd))
        seconds = self.seconds_left
        return self.out_of_time() if seconds is not None and seconds < 0 else None

    def out_of_time(self) -> Exceeded:
        limit = self.limits.wall_seconds
        assert limit is not None
        return Exceeded(self.scope, "wall_seconds", limit, self.spent.wall_ms / 1000)

    def too_many(self, kind: str, more: int = 1) -> Exceeded | None:
        """Whether so many more of what can be refused are too many."""
        limit = getattr(self.limits, kind, None)
        used = getattr(self.spent, kind)
        used = sum(used.values()) if isinstance(used, Mapping) else used
        return Exceeded(self.scope, kind, limit, used) if limit is not None and used + more > limit else None

    def unpriced(self, model: str, allowed: Iterable[str]) -> Exceeded | None:
        """Whether a limit of the cost cannot be held once `model` is asked."""
        if self.limits.cost_usd is None:
            return None
        unknown = {*self.cost.unpriced, *([] if self.price_of(model) else [model])} - set(allowed)
        if not unknown:
            return None
        return Exceeded(self.scope, "cost_usd", self.limits.cost_usd, float(self.cost.usd), tuple(sorted(unknown)))


def cost_of(tokens: Mapping[str, TokenUsage], price_of: PriceOf) -> Cost:
    """What tokens by model cost, exactly."""
    usd, unpriced = Decimal(0), []
    for model, usage in tokens.items():
        price = price_of(model)
        if price is not None:
            usd += price_of_tokens(usage, price)
        elif usage.total_tokens:
            unpriced.append(model)
    return Cost(usd, tuple(unpriced))


def price_of_tokens(usage: TokenUsage, price: ModelPrice) -> Decimal:
    """Input counts what was read from and written to a cache; output counts reasoning."""
    plain = decimal(price.input or 0)
    cached = plain if price.cached_input is None else decimal(price.cached_input)
    written = plain if price.cache_write_input is None else decimal(price.cache_write_input)
    fresh = max(0, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_input_tokens)
    usd = fresh * plain + usage.cached_input_tokens * cached + usage.cache_write_input_tokens * written
    return (usd + usage.output_tokens * decimal(price.output or 0)).scaleb(PER_PRICE)


def counted(tokens: Mapping[str, TokenUsage], name: str) -> int:
    """Tokens of one kind, of all models."""
    return sum(getattr(usage, name) for usage in tokens.values())


def limited(limits: Limits, given: Mapping[str, int | float | None]) -> Limits:
    """Limits with those that were given in place of theirs; None lifts one."""
    return msgspec.structs.replace(limits, **given) if given else limits


def decimal(number: float) -> Decimal:
    """As a person would read it: 0.1 is a tenth."""
    return Decimal(str(number))


def shown(number: float) -> str:
    """For people: at most six places, no zeros at their end."""
    text = f"{number:,.6f}"
    return text.rstrip("0").rstrip(".")


def unknown_cost(exceeded: Exceeded) -> str:
    models = " and ".join(f"`{model}`" for model in exceeded.unpriced)
    return (
        f"What {models} costs is not known (no price in [model_prices]), so the cost budget of this "
        f"{exceeded.scope}, {shown(exceeded.limit)} USD, cannot be held."
    )
