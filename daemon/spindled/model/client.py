"""A client for whatever API a provider speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from . import retry
from .errors import Kind, ModelError
from .events import ModelEvent
from .listing import Listing
from .provider import Provider
from .request import ModelRequest


class ModelClient(Protocol):
    """A provider's models. Any number of streams at once on one event loop; `aclose` when done."""

    def warm(self) -> None:
        """Load what the first request needs: call it in a thread. Raises ModelError."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        """The events of one attempt, a list per chunk of the network; the last one is terminal. Raises ModelError."""

    async def models(self, etag: str = "") -> Listing | None:
        """The provider's models; None if its list is still the one of `etag`. Raises ModelError."""

    async def aclose(self) -> None:
        """Close every connection; streams that still run end with an error."""


def make_client(
    provider: Provider,
    *,
    environ: Mapping[str, str] | None = None,
    backoff: retry.Backoff = retry.DEFAULT,
) -> ModelClient:
    """By the provider's `wire_api`. Raises ModelError if there is no such API."""
    if provider.wire_api == "responses":
        from .responses import ResponsesClient

        return ResponsesClient(provider, environ=environ, backoff=backoff)
    if provider.wire_api == "chat":
        from .chat.client import ChatClient

        return ChatClient(provider, environ=environ, backoff=backoff)
    if provider.wire_api == "messages":
        from .messages.client import MessagesClient

        return MessagesClient(provider, environ=environ, backoff=backoff)
    raise ModelError(Kind.SETTINGS, f"The provider {provider.name!r} has an unknown wire_api: {provider.wire_api}")
