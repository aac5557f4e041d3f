"""One client for each provider's settings, shared by all threads; made at first use, or warmed up before it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from spindled.config.schema import Provider
    from spindled.model.client import ModelClient
    from spindled.model.events import ModelEvent
    from spindled.model.request import ModelRequest
    from spindled.scripted import ScriptedEndpoint

SOON_S = 0.1

log = logging.getLogger(__name__)


class ModelClients:
    """Hands out models; owns their connections and the embedded endpoint.

    `login` gives the key of the user's account.
    """

    def __init__(self, login: Callable[[], str | None] = lambda: None) -> None:
        self._login = login
        self._clients: dict[bytes, asyncio.Task[ModelClient]] = {}
        self._endpoint: ScriptedEndpoint | None = None
        self._soon: dict[str, asyncio.TimerHandle] = {}  # by provider

    def model(self, provider: Provider) -> ProviderModel:
        return ProviderModel(self, provider)

    def warm(self, provider: Provider) -> None:
        """Load what the provider's first request needs, while the user still types."""
        self._task(provider)

    def warm_soon(self, provider: Provider) -> None:
        """The same a little later: what a client asks as soon as it has a thread does not compete with that."""
        if provider.id not in self._soon:
            loop = asyncio.get_running_loop()
            self._soon[provider.id] = loop.call_later(SOON_S, self._warm_now, provider)

    def _warm_now(self, provider: Provider) -> None:
        del self._soon[provider.id]
        self.warm(provider)

    async def client(self, provider: Provider) -> ModelClient:
        """Raises ModelError for settings that no client can be made of."""
        return await asyncio.shield(self._task(provider))

    def _task(self, provider: Provider) -> asyncio.Task[ModelClient]:
        provider = logged_in(provider, self._login())
        settings = msgspec.msgpack.encode(provider)
        known = self._clients.get(settings)
        if known is not None and not (known.done() and failed(known)):
            return known
        task = asyncio.get_running_loop().create_task(self._open(provider), name=f"open {provider.id}")
        task.add_done_callback(note_failure)
        self._clients[settings] = task
        return task

    async def _open(self, provider: Provider) -> ModelClient:
        from spindled.model.client import make_client

        client = make_client(await self._embedded(provider) if provider.embedded else provider)
        await asyncio.to_thread(client.warm)
        return client

    async def _embedded(self, provider: Provider) -> Provider:
        from spindled import scripted

        if self._endpoint is None:
            self._endpoint = await scripted.start()
        return msgspec.structs.replace(
            provider, base_url=self._endpoint.base_url, experimental_bearer_token=self._endpoint.token
        )

    async def close(self) -> None:
        for handle in self._soon.values():
            handle.cancel()
        self._soon.clear()
        tasks = list(self._clients.values())
        self._clients.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            if not failed(task):
                await task.result().aclose()
        if self._endpoint is not None:
            endpoint, self._endpoint = self._endpoint, None
            await endpoint.close()


class ProviderModel:
    """Implements `agent.ports.Model` for a provider."""

    def __init__(self, clients: ModelClients, provider: Provider):
        self.clients = clients
        self.provider = provider

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        client = await self.clients.client(self.provider)
        async with aclosing(client.stream(request)) as batches:
            async for batch in batches:
                yield batch


def logged_in(provider: Provider, key: str | None) -> Provider:
    """The provider with the key of the user's account, if it takes one and has none in its own settings.

    A login is newer and more deliberate than a variable of the environment, and wins over it.
    """
    if key is None or not provider.requires_openai_auth:
        return provider
    if provider.experimental_bearer_token or provider.auth is not None:
        return provider
    return msgspec.structs.replace(provider, experimental_bearer_token=key)


def failed(task: asyncio.Task[ModelClient]) -> bool:
    """Whether a task that is done gave no client."""
    return task.cancelled() or task.exception() is not None


def note_failure(task: asyncio.Task[ModelClient]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.info("model client: %s", task.exception())
