"""What is known of the models that a thread can use: built in, told by its provider, and configured; the last wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from msgspec.structs import replace

from spindled.config.models import models
from spindled.config.models.models import ModelInfo
from spindled.config.schema import Config


class Told(Protocol):
    """What a provider says of one model; None and empty: nothing."""

    @property
    def name(self) -> str: ...
    @property
    def context_window(self) -> int | None: ...
    @property
    def max_output_tokens(self) -> int | None: ...
    @property
    def modalities(self) -> tuple[str, ...]: ...
    @property
    def efforts(self) -> tuple[str, ...]: ...


TOLD = ("name", "context_window", "max_output_tokens", "modalities", "efforts")
# Whose own list names what is no chat model too, and says nothing of any.
UNTOLD = ("openai",)


def nothing_told() -> Mapping[str, Told]:
    return {}


class Catalogue:
    """For one configuration. `told`: what its provider has told so far, by model id; it may come to know more."""

    def __init__(self, config: Config, told: Callable[[], Mapping[str, Told]] = nothing_told):
        self._config = config
        self._told = told

    def model(self, name: str) -> ModelInfo:
        """`known` is False if nobody knows the model."""
        info = models.lookup(name)
        told = self._told().get(name)
        if told is not None:
            info = _with(info, {field: getattr(told, field) for field in TOLD})
        configured = self._config.settings.models.get(name)
        if configured is not None:
            info = _with(info, {field: getattr(configured, field) for field in configured.__struct_fields__})
        if info.efforts and info.default_effort not in info.efforts:
            info = replace(info, default_effort=models.middle_effort(info.efforts))
        return info

    def context_window(self, name: str) -> int:
        """The usable tokens of a model: the wire's `modelContextWindow`.

        `model_context_window` of the configuration can lower that of a known model, not raise it.
        """
        return models.limited(self.model(name), self._config.settings.model_context_window).effective_window

    def auto_compact_limit(self, name: str) -> int:
        """The tokens of context at which a thread is compacted: the configured ones, at most nine tenths."""
        most = self.context_window(name) * 9 // 10
        wanted = self._config.settings.model_auto_compact_token_limit or self.model(name).auto_compact_token_limit
        return min(wanted or most, most)

    def listed(self, *, hidden: bool = False) -> list[ModelInfo]:
        """The models that are offered, each once: the one in use first if nobody lists it. With `hidden` also those
        that are not offered."""
        provider = self._config.provider
        told = () if provider.id in UNTOLD else tuple(self._told())
        names = [*(told or models.built_in(provider.id, hidden=hidden)), *self._config.settings.models]
        if self._config.model not in names:
            names.insert(0, self._config.model)
        found = [self.model(name) for name in dict.fromkeys(names)]
        return [info for info in found if hidden or not self.is_hidden(info)]

    def is_hidden(self, info: ModelInfo) -> bool:
        if info.id == self._config.model:
            return False
        return info.hidden or (self._config.provider.id in UNTOLD and info.id not in self._offered())

    def _offered(self) -> Iterable[str]:
        return (*models.built_in(self._config.provider.id), *self._config.settings.models)


def _with(info: ModelInfo, facts: Mapping[str, Any]) -> ModelInfo:
    """What is None or empty changes nothing."""
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in facts.items() if v not in (None, "", [], ())}
    if given.get("name") is None and not info.name:
        given["name"] = info.id
    return replace(info, **given, known=info.known or bool(given))
