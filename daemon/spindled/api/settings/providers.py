"""modelProvider/*: the endpoints that models are reached at, and those that a client adds to the user's file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from spindled.agent.settings import either, given
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.settings.config_writes import refuse, write
from spindled.config.home.document import Edit
from spindled.config.models.providers import BUILT_IN, complete
from spindled.config.schema import DEFAULT_PROVIDER, Provider
from spindled_protocol.types import (
    CustomGatewayProviderSettings,
    CustomGatewayProviderSettingsPatch,
    EnvironmentVariableGatewayAuth,
    ModeGatewayAuth,
    ModelProviderCapabilitiesReadResponse,
    ModelProviderConfigWriteResponse,
    ModelProviderListResponse,
    ModelProviderSummary,
    NoneGatewayAuth,
    OpenaiProviderSettings,
)

if TYPE_CHECKING:
    from collections.abc import Container

    from spindled.api.session import Session
    from spindled_protocol.types import (
        GatewayAuth,
        ModelProviderCapabilitiesReadParams,
        ModelProviderConfigWriteParams,
        ModelProviderListParams,
    )

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
INVALID = "configValidationError"


@handler
def model_provider_list(session: Session, params: ModelProviderListParams) -> ModelProviderListResponse:
    """The default cannot be changed in the user's file where a flag or a profile sets it."""
    config = session.application.config(working_directory(None))
    origin = config.origins.get("model_provider")
    return ModelProviderListResponse(
        data=[summary(provider) for _, provider in sorted(config.providers.items())],
        defaultProviderId=config.provider.id,
        canChangeDefault=origin is None or origin.kind == "user",
    )


@handler
def model_provider_capabilities_read(
    session: Session, params: ModelProviderCapabilitiesReadParams
) -> ModelProviderCapabilitiesReadResponse:
    """No provider is asked for tools that it runs itself."""
    return ModelProviderCapabilitiesReadResponse(imageGeneration=False, webSearch=False)


@handler
def model_provider_config_write(
    session: Session, params: ModelProviderConfigWriteParams
) -> ModelProviderConfigWriteResponse:
    """A new provider, or changes of one: a field that is absent stays, null clears it."""
    patch = params.settings
    if not isinstance(patch, CustomGatewayProviderSettingsPatch):
        refuse(INVALID, f"{patch.providerId} is not supported; add a provider with a base URL instead.")
    application = session.application
    known = application.user_file.layer().table.get("model_providers", {})
    check(patch)
    key = either(patch.providerId, None)
    if key is None:
        key, changes = created(patch, {**BUILT_IN, **known})
    else:
        changes = changed(patch, key, known)
    layer = write(application, [Edit(("model_providers", key, name), value) for name, value in changes.items()])
    return ModelProviderConfigWriteResponse(provider=summary(of_table(key, layer.table["model_providers"][key])))


def check(patch: CustomGatewayProviderSettingsPatch) -> None:
    """Raises RpcError for a value that no provider can have."""
    if given(patch.name) and not str(patch.name).strip():
        refuse(INVALID, "Enter a provider name.")
    if given(patch.baseUrl) and not usable(str(patch.baseUrl)):
        refuse(INVALID, "Enter an HTTP(S) base URL without credentials, a query, or a fragment.")
    if given(patch.envKey) and not VARIABLE.fullmatch(str(patch.envKey)):
        refuse(INVALID, "Invalid API key environment variable name.")


def usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or port == 0)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def created(patch: CustomGatewayProviderSettingsPatch, taken: Container[str]) -> tuple[str, dict[str, Any]]:
    if not given(patch.name):
        refuse(INVALID, "Enter a provider name.")
    if not given(patch.baseUrl):
        refuse(INVALID, "A base URL is required to create a custom provider.")
    name = str(patch.name).strip()
    values = {"name": name, "base_url": patch.baseUrl, "env_key": either(patch.envKey, None), "wire_api": "responses"}
    return free_id(name, taken), {key: value for key, value in values.items() if value is not None}


def free_id(name: str, taken: Container[str]) -> str:
    stem = "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "provider"
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def changed(patch: CustomGatewayProviderSettingsPatch, key: str, known: dict[str, Any]) -> dict[str, Any]:
    if key in BUILT_IN:
        refuse(INVALID, "A custom provider or gateway cannot use a built-in provider ID.")
    if key not in known:
        refuse("configPathNotFound", "Unknown provider ID.")
    if patch.baseUrl is None:
        refuse(INVALID, "A provider cannot be without a base URL.")
    if given(patch.envKey) and has_other_auth(of_table(key, known[key])):
        refuse(INVALID, "Authentication is configured externally. Omit envKey to preserve it.")
    values = {"name": patch.name, "base_url": patch.baseUrl, "env_key": patch.envKey}
    return {name: value for name, value in values.items() if given(value) or value is None}


def of_table(key: str, table: dict[str, Any]) -> Provider:
    return complete({key: msgspec.convert(table, Provider)})[key]


def summary(provider: Provider) -> ModelProviderSummary:
    settings: Any = CustomGatewayProviderSettings(auth=gateway_auth(provider))
    return ModelProviderSummary(
        id=provider.id,
        name=provider.name,
        canEdit=provider.id not in BUILT_IN,
        baseUrl=provider.base_url,
        settings=OpenaiProviderSettings() if provider.id == DEFAULT_PROVIDER else settings,
    )


def gateway_auth(provider: Provider) -> GatewayAuth:
    if has_other_auth(provider):
        return ModeGatewayAuth(envKey=provider.env_key)
    return EnvironmentVariableGatewayAuth(envKey=provider.env_key) if provider.env_key else NoneGatewayAuth()


def has_other_auth(provider: Provider) -> bool:
    """Whether something else than a variable says who asks."""
    tables = (provider.auth, provider.http_headers, provider.env_http_headers, provider.query_params)
    return bool(provider.experimental_bearer_token or provider.requires_openai_auth or any(tables))
