"""[budget] and [model_prices]: 3-01, 3-07."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spindled.config.errors import ConfigError
from spindled.config.models.budget import ModelPrice, ThreadLimits, TurnLimits, find_price
from spindled.config.models.models import names
from spindled.config.schema import Config

Loaded = Callable[..., Config]


def test_nothing_is_limited_by_default(loaded: Loaded) -> None:
    budget = loaded().settings.budget
    assert (budget.turn, budget.thread) == (TurnLimits(), ThreadLimits())
    assert loaded().settings.model_prices == {}


def test_tables_of_all_layers_merge(loaded: Loaded) -> None:
    text = """
profile = "p"
[budget.turn]
cost_usd = 1
tool_calls = 5
[budget.thread]
turns = 9
[profiles.p.budget.turn]
tool_calls = 6
[model_prices."gpt-5.5"]
input = 1.25
output = 10
"""
    settings = loaded(text, overrides=[("budget.thread.wall_seconds", 60)], strict=True).settings
    assert settings.budget.turn == TurnLimits(cost_usd=1, tool_calls=6)
    assert settings.budget.thread == ThreadLimits(turns=9, wall_seconds=60)
    assert settings.model_prices == {"gpt-5.5": ModelPrice(input=1.25, output=10)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budget.turn]\ncost_usd = -1\n", "expected a number >= 0"),
        ("[budget.turn]\ncost_usd = nan\n", "expected a number >= 0"),
        ("[budget.turn]\nmodel_calls = 1.5\n", "expected an integer"),
        ("[budget.turn]\nturns = 1\n", "unknown key `budget.turn.turns`"),
        ("[budget]\ncost_usd = 1\n", "unknown key `budget.cost_usd`"),
        ("[profiles.p.budget.thread]\nmoney = 1\n", "unknown key `profiles.p.budget.thread.money`"),
        ("[model_prices.m]\ninput = 1\n", "model_prices.m: `input` and `output` are needed"),
        ("[model_prices.m]\ninput = nan\noutput = 1\n", "expected a number >= 0"),
        ("[model_prices.m]\ninput = 1\noutput = 1\ncached = 1\n", "unknown key `model_prices.m.cached`"),
    ],
)
def test_what_would_not_hold_is_refused(loaded: Loaded, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as failure:
        loaded(text, strict=True)
    assert said in str(failure.value)


@pytest.mark.parametrize("text", ["[budget.turn]\ncost_usd = 1000\n", "[model_prices.m]\ninput = 0\noutput = 0\n"])
def test_a_project_has_no_say(loaded: Loaded, project: Path, text: str) -> None:
    """1-53: a repository that lifts the user's cap is as good as no cap."""
    (project / ".codex").mkdir()
    (project / ".codex" / "config.toml").write_text(text)
    trust = f'[projects."{project}"]\ntrust_level = "trusted"\n'
    config = loaded(trust + "[budget.turn]\ncost_usd = 1\n", cwd=project)
    assert config.settings.budget.turn == TurnLimits(cost_usd=1)
    assert config.settings.model_prices == {}
    assert "only your own configuration can" in config.warnings[0].summary


def test_a_price_is_found_under_a_model_s_shorter_names() -> None:
    price, special = ModelPrice(input=1, output=2), ModelPrice(input=3, output=4)
    prices = {"gpt-5.5": price, "vendor/gpt-5.5": special}
    assert find_price(prices, names("gpt-5.5-2026-01-31")) == price
    assert find_price(prices, names("other/gpt-5.5:fast")) == price
    assert find_price(prices, names("vendor/gpt-5.5")) == special
    assert find_price(prices, names("gpt-5")) is None
