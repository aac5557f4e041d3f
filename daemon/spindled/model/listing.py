"""What a provider's `/models` says of its models. Every vendor has its own names for it; what is not understood is left
out, whatever it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from .quirks import LADDER

Json = dict[str, Any]
LISTS = ("data", "models")
# The first that is there counts: what the endpoint serves goes before what the model could do.
WINDOWS = (
    ("top_provider", "context_length"),
    ("context_length",),
    ("context_window",),
    ("loaded_context_length",),
    ("max_context_length",),
    ("max_model_len",),
    ("max_input_tokens",),
    ("meta", "n_ctx"),
    ("meta", "n_ctx_train"),
)
OUTPUTS = (
    ("top_provider", "max_completion_tokens"),
    ("max_completion_tokens",),
    ("max_output_tokens",),
    ("max_tokens",),
)
VISION = (("capabilities", "vision"), ("capabilities", "image_input", "supported"))


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one model; None or empty: nothing. `context_window`, `max_output_tokens`: tokens."""

    id: str
    name: str = ""
    context_window: int | None = None
    max_output_tokens: int | None = None
    modalities: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()


class Listing(msgspec.Struct, frozen=True):
    """`etag`: to ask later whether it has changed, if the provider gives one."""

    models: tuple[ModelFacts, ...] = ()
    etag: str = ""


def facts_in(body: bytes) -> tuple[ModelFacts, ...]:
    """The models that a body lists, each once. Raises ValueError if it is no list of models."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no JSON") from None
    if isinstance(value, dict):
        value = next((value[name] for name in LISTS if isinstance(value.get(name), list)), None)
    if not isinstance(value, list):
        raise ValueError("it is no list of models")
    found = [facts for each in value if (facts := _facts(each)) is not None]
    return tuple({facts.id: facts for facts in found}.values())


def _facts(model: Any) -> ModelFacts | None:
    if isinstance(model, str):
        return ModelFacts(id=model) if model else None
    if not isinstance(model, dict):
        return None
    id = _text(model, "id", "slug", "model", "name")
    if not id:
        return None
    name = _text(model, "display_name", "displayName", "name")
    return ModelFacts(
        id=id,
        name=name if name != id else "",
        context_window=_count(model, WINDOWS),
        max_output_tokens=_count(model, OUTPUTS),
        modalities=_modalities(model),
        efforts=_efforts(model),
    )


def _modalities(model: Json) -> tuple[str, ...]:
    listed = _at(model, ("architecture", "input_modalities"))
    if isinstance(listed, list):
        return tuple(kind for kind in ("text", "image") if kind in listed)
    seen = [value for path in VISION if isinstance(value := _at(model, path), bool)]
    return (("text", "image") if seen[0] else ("text",)) if seen else ()


def _efforts(model: Json) -> tuple[str, ...]:
    levels = _at(model, ("capabilities", "effort"))
    if not isinstance(levels, dict):
        return ()
    return tuple(level for level in LADDER if _at(levels, (level, "supported")) is True)


def _count(model: Json, paths: Iterable[tuple[str, ...]]) -> int | None:
    values = (_at(model, path) for path in paths)
    return next((value for value in values if value.__class__ is int and value > 0), None)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(model: Json, *names: str) -> str:
    return next((model[name] for name in names if isinstance(model.get(name), str) and model[name]), "")
