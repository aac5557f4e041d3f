"""model/list: the models that a client can offer, in pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.reading.pages import page
from spindled.config.models.catalogue import UNTOLD
from spindled.config.models.models import EFFORT_DESCRIPTIONS
from spindled.config.models.providers import select
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import Model, ModelListResponse, ReasoningEffortOption

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.models.catalogue import Catalogue
    from spindled.config.models.models import ModelInfo
    from spindled.config.schema import Config
    from spindled_protocol.types import ModelListParams

PATIENCE_SECONDS = 3.0  # for a list that was never had; an old one is not waited for
NO_EFFORT = "none"


@handler
async def model_list(session: Session, params: ModelListParams) -> ModelListResponse:
    application = session.application
    config = of_provider(application.config(working_directory(None)), either(params.modelProvider, None))
    provider = config.provider
    if provider.id not in UNTOLD:
        fetch = application.listings.refresh(provider)
        if fetch is not None and not application.listings.told(provider):
            await asyncio.wait([fetch], timeout=PATIENCE_SECONDS)
    catalogue = application.catalogue(config)
    models = catalogue.listed(hidden=bool(either(params.includeHidden, False)))
    shown, following = page(params, models)
    data = [wire_model(info, catalogue, config.model) for info in shown]
    return ModelListResponse(data=data, nextCursor=following)


def of_provider(config: Config, key: str | None) -> Config:
    """The configuration with another provider. Raises RpcError if there is none of that id, ConfigError."""
    if key is None or key == config.provider.id:
        return config
    if key not in config.providers:
        problem = {"type": "modelProviderNotConfigured", "modelProvider": key}
        raise RpcError(INVALID_REQUEST, f"Model provider `{key}` not found", problem)
    return replace(config, provider=select(config.providers, key))


def wire_model(info: ModelInfo, catalogue: Catalogue, default: str) -> Model:
    modalities: Any = list(info.modalities)
    return Model(
        id=info.id,
        model=info.id,
        displayName=info.name or info.id,
        description=info.description,
        hidden=catalogue.is_hidden(info),
        supportedReasoningEfforts=[
            ReasoningEffortOption(reasoningEffort=effort, description=EFFORT_DESCRIPTIONS.get(effort, ""))
            for effort in info.efforts
        ],
        defaultReasoningEffort=info.default_effort or NO_EFFORT,
        inputModalities=modalities,
        isDefault=info.id == default,
    )
