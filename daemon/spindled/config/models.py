"""What is known of common models. A model that is not listed works too, with cautious assumptions."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from .schema import DEFAULT_MODEL, Config

LOW_TO_XHIGH = ("low", "medium", "high", "xhigh")
LOW_TO_MAX = (*LOW_TO_XHIGH, "max")
LOW_TO_ULTRA = (*LOW_TO_MAX, "ultra")
MINIMAL_TO_HIGH = ("minimal", "low", "medium", "high")
LOW_TO_HIGH = ("low", "medium", "high")

EFFORT_DESCRIPTIONS = {
    "minimal": "Answers almost without thinking",
    "low": "Thinks little, answers fast",
    "medium": "Thinks as much as everyday tasks need",
    "high": "Thinks long, for hard problems",
    "xhigh": "Thinks very long, for very hard problems",
    "max": "Thinks as long as the model can",
    "ultra": "As max, and may split the work up",
}


class ModelInfo(Struct, frozen=True, kw_only=True):
    """One model. `context_window` counts tokens of input and output; a turn uses `effective_percent` of it."""

    id: str
    name: str = ""
    description: str = ""
    context_window: int = 272_000
    effective_percent: int = 95
    efforts: tuple[str, ...] = ()  # lowest first; empty: it takes none
    default_effort: str | None = None
    default_summary: str = "none"  # of its reasoning: none, auto, concise, detailed
    default_verbosity: str | None = None  # None: it takes none
    parallel_tool_calls: bool = True
    modalities: tuple[str, ...] = ("text", "image")
    freeform_patch: bool = False  # apply_patch as a custom tool with free text
    max_output_tokens: int | None = None  # of one response; None: unknown, or of no interest
    known: bool = True

    @property
    def effective_window(self) -> int:
        return self.context_window * self.effective_percent // 100


def _gpt(
    id: str, name: str, description: str, effort: str, efforts: tuple[str, ...], window: int = 272_000
) -> ModelInfo:
    return ModelInfo(
        id=id,
        name=name,
        description=description,
        context_window=window,
        efforts=efforts,
        default_effort=effort,
        default_verbosity="low",
        freeform_patch=True,
    )


def _claude(id: str, name: str, description: str, output: int, effort: str | None = "medium") -> ModelInfo:
    return ModelInfo(
        id=id,
        name=name,
        description=description,
        context_window=200_000,
        max_output_tokens=output,
        efforts=LOW_TO_MAX if effort else (),
        default_effort=effort,
        default_summary="auto" if effort else "none",
    )


# The first nine are what `model/list` names, in that order.
CATALOGUE: tuple[ModelInfo, ...] = (
    _gpt("gpt-6.1-sol", "GPT-6.1-Sol", "General model for coding and daily work", "low", LOW_TO_ULTRA),
    _gpt("gpt-6-astra", "GPT-6-Astra", "Largest model, for the hardest work", "low", LOW_TO_ULTRA),
    _gpt("gpt-6-sol", "GPT-6-Sol", "General model, the version before 6.1", "medium", LOW_TO_ULTRA),
    _gpt("gpt-6-luna", "GPT-6-Luna", "Small model, fast and cheap", "medium", LOW_TO_MAX),
    _gpt("gpt-5.6-sol", "GPT-5.6-Sol", "General model of the 5.6 family", "low", LOW_TO_ULTRA),
    _gpt("gpt-6.1-terra", "GPT-6.1 Terra", "Middle-sized model with a long context", "low", LOW_TO_ULTRA, 500_000),
    _gpt("gpt-5.6-terra", "GPT-5.6-Terra", "Middle-sized model of the 5.6 family", "medium", LOW_TO_ULTRA),
    _gpt("gpt-5.6-luna", "GPT-5.6-Luna", "Small model of the 5.6 family", "medium", LOW_TO_MAX),
    _gpt("gpt-5.5", "GPT-5.5", "Coding model of the 5.5 generation", "medium", LOW_TO_XHIGH),
)

# Not offered in lists, but used by people behind gateways and on their own machines.
UNLISTED: tuple[ModelInfo, ...] = (
    _gpt("gpt-5", "GPT-5", "First model of the 5 generation", "medium", MINIMAL_TO_HIGH),
    _gpt("gpt-5-mini", "GPT-5 mini", "Small model of the 5 generation", "medium", MINIMAL_TO_HIGH),
    ModelInfo(id="gpt-4.1", name="GPT-4.1", description="Long context, no reasoning", context_window=1_047_576),
    ModelInfo(id="gpt-4o", name="GPT-4o", description="Older general model", context_window=128_000),
    ModelInfo(
        id="o3",
        name="o3",
        description="Older reasoning model",
        context_window=200_000,
        efforts=LOW_TO_HIGH,
        default_effort="medium",
    ),
    ModelInfo(
        id="gpt-oss:20b",
        name="gpt-oss 20B",
        description="Open weights, for your own machine",
        context_window=131_072,
        efforts=LOW_TO_HIGH,
        default_effort="medium",
        modalities=("text",),
    ),
    ModelInfo(
        id="gpt-oss:120b",
        name="gpt-oss 120B",
        description="Open weights, for a large machine",
        context_window=131_072,
        efforts=LOW_TO_HIGH,
        default_effort="medium",
        modalities=("text",),
    ),
    _claude("claude-opus-4-7", "Claude Opus 4.7", "Large model for hard work", 128_000),
    _claude("claude-opus-4-6", "Claude Opus 4.6", "Large model, the version before 4.7", 128_000),
    _claude("claude-sonnet-4-6", "Claude Sonnet 4.6", "General model for coding and daily work", 64_000),
    _claude("claude-opus-4-5", "Claude Opus 4.5", "Large model of the 4.5 generation", 64_000),
    _claude("claude-sonnet-4-5", "Claude Sonnet 4.5", "General model of the 4.5 generation", 64_000),
    _claude("claude-haiku-4-5", "Claude Haiku 4.5", "Small model, fast and cheap", 64_000),
    _claude("claude-opus-4-1", "Claude Opus 4.1", "Older large model", 32_000),
    _claude("claude-3-5-haiku", "Claude Haiku 3.5", "Older small model, no reasoning", 8192, None),
    ModelInfo(id="scripted", name="Scripted", description="Plays a script: no network, no key", freeform_patch=True),
)

_BY_ID = {model.id: model for model in (*CATALOGUE, *UNLISTED)}
_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


def names(model: str) -> tuple[str, ...]:
    """What a model may be listed as, its own name first: also without vendor, route and date."""
    bare = model.rpartition("/")[2]
    unrouted = bare.partition(":")[0]
    return model, bare, unrouted, _DATED.sub("", unrouted)


def lookup(model: str) -> ModelInfo:
    """What is known of a model, also of `vendor/model`, `model:route` and `model-2026-01-31`; its id stays `model`.

    An unknown one has `known` False, a window of 272,000 tokens and no efforts.
    """
    for name in names(model):
        if found := _BY_ID.get(name):
            return found if found.id == model else replace(found, id=model)
    return ModelInfo(id=model, name=model, default_summary="auto", known=False)


def context_window(config: Config, model: str) -> int:
    """The usable tokens of a model: the wire's `modelContextWindow`.

    `model_context_window` replaces the catalogue's figure; it can lower that of a known model, not raise it.
    """
    info = lookup(model)
    size = config.settings.model_context_window
    if size is not None:
        info = replace(info, context_window=min(size, info.context_window) if info.known else size)
    return info.effective_window


def auto_compact_limit(config: Config, model: str) -> int:
    """The tokens of context at which a thread is compacted: the configured ones, at most nine tenths of the window."""
    limit = context_window(config, model) * 9 // 10
    return min(config.settings.model_auto_compact_token_limit or limit, limit)


def is_default(model: ModelInfo) -> bool:
    """Whether this is the model that is used if none is configured."""
    return model.id == DEFAULT_MODEL
