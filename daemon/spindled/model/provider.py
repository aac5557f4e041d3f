"""What a provider's settings give a connection: address, credentials, headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from .auth_command import AuthCommand, CommandTokens
from .errors import Kind, ModelError

OPENAI_KEY = "OPENAI_API_KEY"
SHORTEST_SECRET = 8  # shorter values are masked nowhere: they would tear holes into ordinary words


class Provider(Protocol):
    """The settings that are needed of a model provider."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def wire_api(self) -> str: ...
    @property
    def base_url(self) -> str | None: ...
    @property
    def env_key(self) -> str | None: ...
    @property
    def env_key_instructions(self) -> str | None: ...
    @property
    def experimental_bearer_token(self) -> str | None: ...
    @property
    def auth(self) -> AuthCommand | None: ...
    @property
    def http_headers(self) -> Mapping[str, str]: ...
    @property
    def env_http_headers(self) -> Mapping[str, str]: ...
    @property
    def query_params(self) -> Mapping[str, str]: ...
    @property
    def request_max_retries(self) -> int: ...
    @property
    def stream_idle_timeout_ms(self) -> int: ...
    @property
    def stream_first_data_timeout_ms(self) -> int | None: ...


class Credentials:
    """A provider's key and headers: from the environment, taken once, or a key of its auth command. Never printed."""

    def __init__(self, provider: Provider, environ: Mapping[str, str]):
        command = provider.auth
        self._tokens = None if command is None else CommandTokens(provider.name, command, environ)
        self.key = bearer(provider, environ) if command is None else None
        self.headers = headers(provider, environ)
        self._fixed = [self.key or "", *self.headers.values(), *provider.query_params.values()]

    async def current(self) -> str | None:
        """The key for a request, None if the provider wants none. Raises ModelError."""
        return self.key if self._tokens is None else await self._tokens.current()

    async def after_refusal(self, key: str | None) -> str | None:
        """Another key after the provider refused this one; None if there is none to try. Raises ModelError."""
        return None if self._tokens is None or key is None else await self._tokens.after_refusal(key)

    def masked(self, text: str) -> str:
        """`text` without any secret of the provider."""
        for secret in secrets([*self._fixed, *(self._tokens.seen if self._tokens is not None else ())]):
            text = text.replace(secret, "[secret]")
        return text


def is_openai(provider: Provider) -> bool:
    return provider.name.lower() == "openai"


def bearer(provider: Provider, environ: Mapping[str, str]) -> str | None:
    """The bearer token, None if the provider wants none. Raises ModelError if its variable is unset or empty."""
    if provider.experimental_bearer_token:
        return provider.experimental_bearer_token
    variable = provider.env_key or (OPENAI_KEY if is_openai(provider) else None)
    if variable is None:
        return None
    if key := environ.get(variable, "").strip():
        return key
    text = f"The provider {provider.name!r} needs an API key: set the environment variable {variable}."
    hint = f" {provider.env_key_instructions}" if provider.env_key_instructions else ""
    raise ModelError(Kind.CREDENTIALS, text + hint)


def headers(provider: Provider, environ: Mapping[str, str]) -> dict[str, str]:
    """The provider's own headers; those whose variable is unset or empty are left out."""
    found = {name: environ.get(variable, "").strip() for name, variable in provider.env_http_headers.items()}
    return {**provider.http_headers, **{name: value for name, value in found.items() if value}}


def secrets(values: Iterable[str]) -> list[str]:
    """Those that are masked, the longest first: one may be part of another."""
    return sorted({value for value in values if len(value) >= SHORTEST_SECRET}, key=len, reverse=True)
