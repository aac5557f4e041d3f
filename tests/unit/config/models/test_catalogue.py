"""Rows 1-14 and 4-28: what is known of models, from three sources."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spindled.config.errors import ConfigError
from spindled.config.models.catalogue import Catalogue
from spindled.config.schema import Config
from spindled.model.listing import ModelFacts

Loaded = Callable[..., Config]
FACTS = ModelFacts(
    id="qwen", name="Qwen", context_window=40_000, max_output_tokens=4000, modalities=("text",), efforts=("low", "high")
)
CONFIGURED = """
[models.qwen]
context_window = 30000
parallel_tool_calls = false
auto_compact_token_limit = 9000
[models."gpt-5.5"]
description = "Ours"
efforts = ["low"]
"""


def test_what_the_provider_tells_goes_before_what_is_built_in(loaded: Loaded) -> None:
    told = {"qwen": FACTS, "gpt-5.5": ModelFacts(id="gpt-5.5", context_window=50_000)}
    catalogue = Catalogue(loaded(""), lambda: told)
    qwen = catalogue.model("qwen")
    assert (qwen.known, qwen.name, qwen.context_window, qwen.max_output_tokens) == (True, "Qwen", 40_000, 4000)
    assert (qwen.modalities, qwen.efforts, qwen.default_effort) == (("text",), ("low", "high"), "high")
    gpt = catalogue.model("gpt-5.5")
    assert (gpt.context_window, gpt.name, gpt.default_effort) == (50_000, "GPT-5.5", "medium")
    assert catalogue.context_window("qwen") == 38_000


def test_the_configuration_goes_before_both(loaded: Loaded) -> None:
    catalogue = Catalogue(loaded(CONFIGURED), lambda: {"qwen": FACTS})
    qwen = catalogue.model("qwen")
    assert (qwen.context_window, qwen.parallel_tool_calls, qwen.max_output_tokens) == (30_000, False, 4000)
    assert catalogue.auto_compact_limit("qwen") == 9000
    gpt = catalogue.model("gpt-5.5")
    assert (gpt.description, gpt.efforts, gpt.default_effort, gpt.context_window) == ("Ours", ("low",), "low", 272_000)


def test_a_limit_is_at_most_nine_tenths(loaded: Loaded) -> None:
    catalogue = Catalogue(loaded("[models.x]\ncontext_window = 10000\nauto_compact_token_limit = 9999"))
    assert catalogue.auto_compact_limit("x") == 8550


def test_what_comes_to_be_known_later_counts_at_once(loaded: Loaded) -> None:
    told: dict[str, ModelFacts] = {}
    catalogue = Catalogue(loaded(""), lambda: told)
    assert (catalogue.model("qwen").known, catalogue.model("qwen").context_window) == (False, 272_000)
    told["qwen"] = FACTS
    assert catalogue.model("qwen").context_window == 40_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[models.x]\ncontext_window = 0", "expected an integer >= 1"),
        ('[models.x]\nmodalities = ["smell"]', "unknown value `smell`"),
        ("[models.x]\nsize = 3", "unknown key `models.x.size`"),
    ],
)
def test_mistakes_are_named(loaded: Loaded, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        loaded(text, strict=True)


def test_the_list_of_openai_is_our_own(loaded: Loaded) -> None:
    """Its own names embeddings and voices too."""
    catalogue = Catalogue(loaded(CONFIGURED), lambda: {"tts-1": ModelFacts(id="tts-1")})
    names = [info.id for info in catalogue.listed()]
    assert (names[0], names[-1], len(names)) == ("gpt-6.1-sol", "qwen", 10)
    more = catalogue.listed(hidden=True)
    assert {"gpt-5", "o3"} <= {info.id for info in more if catalogue.is_hidden(info)}
    assert not {"tts-1", "scripted", "claude-opus-5"} & {info.id for info in more}


def test_the_list_of_another_provider(loaded: Loaded) -> None:
    text = 'model_provider = "ollama"\nmodel = "mine"\n[models.qwen]\nhidden = true\n'
    catalogue = Catalogue(loaded(text), lambda: {"qwen": FACTS, "llama": ModelFacts(id="llama")})
    assert [info.id for info in catalogue.listed()] == ["mine", "llama"]
    assert [info.id for info in catalogue.listed(hidden=True)] == ["mine", "qwen", "llama"]


def test_the_list_of_anthropic_before_it_has_told_one(loaded: Loaded) -> None:
    catalogue = Catalogue(loaded('model_provider = "anthropic"\nmodel = "claude-opus-5-5"'))
    assert all(info.id.startswith("claude-") for info in catalogue.listed())
    opus = catalogue.model("claude-opus-5-5")
    assert (opus.context_window, opus.max_output_tokens, opus.default_effort) == (1_000_000, 128_000, "medium")
