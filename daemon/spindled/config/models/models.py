"""What is known of common models. A model that is not listed works too, with cautious assumptions."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

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
    auto_compact_token_limit: int | None = None  # None: nine tenths of the window
    hidden: bool = False  # not offered in lists
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


def _claude(
    id: str,
    name: str,
    description: str,
    efforts: tuple[str, ...] = LOW_TO_MAX,
    *,
    effort: str = "high",
    window: int = 1_000_000,
    output: int = 128_000,
) -> ModelInfo:
    return ModelInfo(
        id=id,
        name=name,
        description=description,
        context_window=window,
        max_output_tokens=output,
        efforts=efforts,
        default_effort=effort if efforts else None,
        default_summary="auto" if efforts else "none",
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

NO_XHIGH = ("low", "medium", "high", "max")
# From the vendor's model pages, 2026-11; before 4.6 the effort is a budget of thinking tokens, see providers.md.
CLAUDE: tuple[ModelInfo, ...] = (
    _claude("claude-fable-5-1", "Claude Fable 5.1", "Largest model, for the hardest work"),
    _claude("claude-opus-5-5", "Claude Opus 5.5", "Large model for hard work", effort="medium"),
    _claude("claude-sonnet-5-5", "Claude Sonnet 5.5", "General model for coding and daily work"),
    _claude("claude-opus-5", "Claude Opus 5", "Large model, the version before 5.5"),
    _claude("claude-sonnet-5", "Claude Sonnet 5", "General model, the version before 5.5"),
    _claude("claude-opus-4-8", "Claude Opus 4.8", "Large model of the 4 generation"),
    _claude("claude-opus-4-7", "Claude Opus 4.7", "Large model, the version before 4.8"),
    _claude("claude-opus-4-6", "Claude Opus 4.6", "Large model, the version before 4.7", NO_XHIGH),
    _claude("claude-sonnet-4-6", "Claude Sonnet 4.6", "General model of the 4 generation", NO_XHIGH),
    _claude("claude-opus-4-5", "Claude Opus 4.5", "Older large model", LOW_TO_HIGH, window=200_000, output=64_000),
    _claude("claude-sonnet-4-5", "Claude Sonnet 4.5", "Older general model", window=200_000, output=64_000),
    _claude("claude-haiku-4-5", "Claude Haiku 4.5", "Small model, fast and cheap", window=200_000, output=64_000),
    _claude("claude-opus-4-1", "Claude Opus 4.1", "Older large model", window=200_000, output=32_000),
    _claude("claude-3-5-haiku", "Claude Haiku 3.5", "Older small model", (), window=200_000, output=8192),
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
    *CLAUDE,
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


def limited(info: ModelInfo, window: int | None) -> ModelInfo:
    """With a window of at most so many tokens, or of that many if the model's own is not known."""
    if window is None:
        return info
    return replace(info, context_window=min(window, info.context_window) if info.known else window)


def built_in(provider: str, *, hidden: bool = False) -> list[str]:
    """The ids of the models that are offered for a provider whose own list is not known."""
    if provider in ("anthropic", "scripted"):
        return [model.id for model in CLAUDE] if provider == "anthropic" else [provider]
    more = [model for model in UNLISTED if model not in CLAUDE and model.id != "scripted"] if hidden else []
    return [model.id for model in (*CATALOGUE, *more)]


def middle_effort(efforts: tuple[str, ...]) -> str:
    """The default of a model of which only its efforts are known."""
    return "medium" if "medium" in efforts else efforts[len(efforts) // 2]
