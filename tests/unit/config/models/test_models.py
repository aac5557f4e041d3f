from __future__ import annotations

from collections.abc import Callable

import pytest

from spindled.config.models.catalogue import Catalogue
from spindled.config.models.models import CATALOGUE, EFFORT_DESCRIPTIONS, UNLISTED, lookup
from spindled.config.schema import Config

Loaded = Callable[..., Config]


def test_catalogue_is_consistent() -> None:
    models = [*CATALOGUE, *UNLISTED]
    assert len({model.id for model in models}) == len(models)
    for model in models:
        assert model.name
        assert model.description
        assert model.default_effort in (model.efforts or (None,))
        assert set(model.efforts) <= EFFORT_DESCRIPTIONS.keys()
        assert lookup(model.id) is model


@pytest.mark.parametrize("name", ["openai/gpt-5.5", "gpt-5.5:free", "openai/gpt-5.5:free", "gpt-5.5-2026-01-31"])
def test_routed_names(name: str) -> None:
    model = lookup(name)
    assert (model.id, model.known, model.name) == (name, True, "GPT-5.5")


def test_a_tag_that_is_part_of_the_name() -> None:
    assert lookup("gpt-oss:20b").context_window == 131_072


def test_unknown() -> None:
    """Row 1-14."""
    model = lookup("my-own-model")
    assert (model.id, model.known, model.context_window, model.efforts) == ("my-own-model", False, 272_000, ())


@pytest.mark.parametrize(
    ("model", "configured", "window"),
    [
        ("gpt-5.5", None, 258_400),
        ("gpt-6.1-terra", None, 475_000),
        ("unknown", None, 258_400),
        ("gpt-5.5", 100_000, 95_000),
        ("gpt-5.5", 900_000, 258_400),
        ("unknown", 900_000, 855_000),
    ],
)
def test_context_window(loaded: Loaded, model: str, configured: int | None, window: int) -> None:
    """Row 4-30."""
    config = loaded(f"model_context_window = {configured}" if configured else "")
    assert Catalogue(config).context_window(model) == window


@pytest.mark.parametrize(("configured", "limit"), [(None, 232_560), (20_000, 20_000), (10**9, 232_560)])
def test_auto_compact_limit(loaded: Loaded, configured: int | None, limit: int) -> None:
    """Row 4-01."""
    config = loaded(f"model_auto_compact_token_limit = {configured}" if configured else "")
    assert Catalogue(config).auto_compact_limit("gpt-5.5") == limit
