"""The arithmetic of budgets: 3-01, 3-07, 3-08."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.budget.budget import TOKENS, Account, cost_of, limited, shown
from spindled.config.models.budget import ModelPrice, ThreadLimits, TurnLimits
from spindled.store.rollout.payloads import Spending, TokenUsage

counts = st.integers(min_value=0, max_value=10**12)
prices = st.floats(min_value=0, max_value=1e6).map(lambda price: round(price, 6))


@st.composite
def usages(draw: st.DrawFn) -> TokenUsage:
    cached, written, fresh = draw(counts), draw(counts), draw(counts)
    output, reasoning = draw(counts), draw(counts)
    return TokenUsage(
        input_tokens=cached + written + fresh,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        output_tokens=output + reasoning,
        reasoning_output_tokens=reasoning,
        total_tokens=cached + written + fresh + output + reasoning,
    )


def account(limits: TurnLimits, spent: Spending, **known: ModelPrice) -> Account:
    return Account("thread", limits, spent, known.get)


@given(usages(), st.sampled_from(sorted(TOKENS)), st.integers(min_value=-2, max_value=2))
def test_tokens_are_over_only_when_there_are_more(usage: TokenUsage, kind: str, above: int) -> None:
    used = getattr(usage, TOKENS[kind])
    limit = max(0, used - above)
    found = account(TurnLimits(**{kind: limit}), Spending(tokens={"m": usage})).over()
    assert (found is not None) == (used > limit)
    if found is not None:
        assert (found.kind, found.used, found.limit) == (kind, used, limit)


@given(st.lists(usages(), max_size=4))
def test_models_are_added_up(all_usages: list[TokenUsage]) -> None:
    spent = Spending(tokens={str(number): usage for number, usage in enumerate(all_usages)})
    total = sum(usage.total_tokens for usage in all_usages)
    assert account(TurnLimits(total_tokens=total), spent).over() is None
    if total:
        assert account(TurnLimits(total_tokens=total - 1), spent).over() is not None


@given(usages(), prices, prices, prices | st.none(), prices | st.none())
def test_cost_is_exact(
    usage: TokenUsage, input: float, output: float, cached: float | None, written: float | None
) -> None:
    price = ModelPrice(input=input, output=output, cached_input=cached, cache_write_input=written)
    fresh = usage.input_tokens - usage.cached_input_tokens - usage.cache_write_input_tokens
    parts = [
        (fresh, input),
        (usage.cached_input_tokens, input if cached is None else cached),
        (usage.cache_write_input_tokens, input if written is None else written),
        (usage.output_tokens, output),
    ]
    exact = sum((count * Fraction(str(each)) for count, each in parts), Fraction(0)) / 10**6
    cost = cost_of({"m": usage}, {"m": price}.get)
    assert cost.unpriced == ()
    assert Fraction(cost.usd) == exact


def test_ten_times_a_tenth_is_not_more_than_one() -> None:
    price = ModelPrice(input=0.1, output=0)
    usage = TokenUsage(input_tokens=10_000_000, total_tokens=10_000_000)
    spent = Spending(tokens={"m": usage})
    assert account(TurnLimits(cost_usd=1), spent, m=price).over() is None
    usage.input_tokens += 1
    found = account(TurnLimits(cost_usd=1), spent, m=price).over()
    assert found is not None
    assert found.used > 1


def test_tokens_without_a_price_are_told_apart() -> None:
    tokens = {"known": TokenUsage(output_tokens=10, total_tokens=10), "new": TokenUsage(total_tokens=1)}
    cost = cost_of({**tokens, "unused": TokenUsage()}, {"known": ModelPrice(input=1, output=100_000)}.get)
    assert cost == (Decimal(1), ("new",))
    spent = Spending(tokens=tokens)
    held = account(TurnLimits(cost_usd=5), spent, known=ModelPrice(input=1, output=1))
    asked = held.unpriced("other", ())
    assert asked is not None
    assert asked.unpriced == ("new", "other")
    assert held.unpriced("known", {"new"}) is None
    assert account(TurnLimits(), spent).unpriced("other", ()) is None


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 5))
def test_what_is_refused_beforehand(limit: int, used: int, more: int) -> None:
    spent = Spending(tool_calls=used, delegated_tasks=used, turns=used, model_calls={"turn": used})
    limits = ThreadLimits(tool_calls=limit, delegated_tasks=limit, turns=limit, model_calls=limit)
    for kind in ("tool_calls", "delegated_tasks", "turns", "model_calls"):
        assert (account(limits, spent).too_many(kind, more) is None) == (used + more <= limit)
        assert account(ThreadLimits(), spent).too_many(kind, more) is None


def test_the_first_that_is_over_gives_the_reason() -> None:
    usage = TokenUsage(input_tokens=5, output_tokens=5, reasoning_output_tokens=5, total_tokens=10)
    spent = Spending(tokens={"m": usage}, wall_ms=2000, tools_usd=Decimal(9))
    limits: dict[str, Any] = dict.fromkeys([*TOKENS, "cost_usd", "wall_seconds"], 1)
    for kind in list(limits):
        found = account(TurnLimits(**limits), spent).over()
        assert found is not None
        assert found.kind == kind
        del limits[kind]
    assert account(TurnLimits(wall_seconds=2), spent).over() is None


def test_what_the_user_allowed_does_not_count_against_the_limit() -> None:
    spent = Spending(tools_usd=Decimal("1.2"), approved_usd=Decimal("0.2"))
    assert account(TurnLimits(cost_usd=1), spent).over() is None
    spent.tools_usd += Decimal("0.01")
    assert account(TurnLimits(cost_usd=1), spent).over() is not None


def test_limits_replace_each_other_kind_by_kind() -> None:
    limits = limited(TurnLimits(tool_calls=1, model_calls=2), {"tool_calls": None, "cost_usd": 3})
    assert limits == TurnLimits(model_calls=2, cost_usd=3)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (1234, "1,234"), (0.1 + 0.2, "0.3"), (2.5, "2.5"), (100, "100"), (1e-9, "0")]
)
def test_numbers_for_people(number: float, text: str) -> None:
    assert shown(number) == text
