"""Model providers: the built-in ones, those of the configuration, and what they need from the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from spindled.config.errors import ConfigError
from spindled.config.schema import Provider

MAX_RETRIES = 100

# A lowest layer: [model_providers.<id>] of the user merges on top of it.
BUILT_IN: dict[str, dict[str, Any]] = {
    "openai": {
        "name": "OpenAI",
        "base_url": "https://api.openai.com/v1",
        "env_key": "OPENAI_API_KEY",
        "env_key_instructions": "It takes an API key of your OpenAI account.",
        "requires_openai_auth": True,
    },
    "anthropic": {
        "name": "Anthropic",
        "base_url": "https://api.anthropic.com/v1",
        "wire_api": "messages",
        "env_key": "ANTHROPIC_API_KEY",
        "env_key_instructions": "It takes an API key of your Anthropic account.",
    },
    "openrouter": {
        "name": "OpenRouter",
        "base_url": "https://openrouter.ai/api/v1",
        "wire_api": "chat",
        "env_key": "OPENROUTER_API_KEY",
        "env_key_instructions": "It takes an API key of your OpenRouter account.",
    },
    "deepseek": {
        "name": "DeepSeek",
        "base_url": "https://api.deepseek.com/v1",
        "wire_api": "chat",
        "env_key": "DEEPSEEK_API_KEY",
        "env_key_instructions": "It takes an API key of your DeepSeek account.",
    },
    "scripted": {"name": "Scripted demo model"},
    "ollama": {"name": "Ollama", "base_url": "http://localhost:11434/v1"},
    "lmstudio": {"name": "LM Studio", "base_url": "http://localhost:1234/v1"},
}
EMBEDDED = "scripted"


def built_in(openai_base_url: str | None) -> dict[str, dict[str, Any]]:
    """The built-in providers as a table, with another address of `openai` if one is given."""
    if not openai_base_url:
        return BUILT_IN
    return {**BUILT_IN, "openai": {**BUILT_IN["openai"], "base_url": openai_base_url}}


def complete(providers: Mapping[str, Provider]) -> dict[str, Provider]:
    """Providers with their id, a name, bounded retries and no slash at the end of their address."""
    return {
        key: replace(
            provider,
            id=key,
            embedded=key == EMBEDDED and not provider.base_url,
            name=provider.name or key,
            base_url=provider.base_url.rstrip("/") if provider.base_url else None,
            request_max_retries=min(provider.request_max_retries, MAX_RETRIES),
            stream_max_retries=min(provider.stream_max_retries, MAX_RETRIES),
        )
        for key, provider in providers.items()
    }


def select(providers: Mapping[str, Provider], key: str) -> Provider:
    """The provider to use. Raises ConfigError if there is none of that id, or it has no usable address."""
    provider = providers.get(key)
    if provider is None:
        raise ConfigError(f"Model provider `{key}` not found")
    if provider.embedded:
        return provider
    if not provider.base_url:
        raise ConfigError(f"Model provider `{key}` has no base_url")
    if not provider.base_url.lower().startswith(("http://", "https://")):
        raise ConfigError(f"Model provider `{key}`: base_url must start with http:// or https://")
    if provider.auth is not None and (provider.env_key or provider.experimental_bearer_token):
        raise ConfigError(f"Model provider `{key}`: `auth` and a key exclude each other")
    return provider


def secret_variables(providers: Iterable[Provider]) -> frozenset[str]:
    """The environment variables that hold credentials of providers: nothing that a model runs should see them."""
    names: set[str] = set()
    for provider in providers:
        names.update(provider.env_http_headers.values())
        if provider.env_key:
            names.add(provider.env_key)
    return frozenset(names)
