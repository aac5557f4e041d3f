"""`spindled gateway`: from the command line to the exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from spindled.api.settings.clients import ModelClients
from spindled.config.errors import ConfigError
from spindled.config.home.login import Login
from spindled.config.layers.load import load
from spindled.config.models.catalogue import Catalogue
from spindled.faces.gateway.guard import TOKEN_VARIABLE, Guard, address, admit, is_local
from spindled.faces.gateway.server import Gateway
from spindled.process.registry import kill_all

if TYPE_CHECKING:
    from spindled.cli import Options
    from spindled.config.schema import Config
    from spindled.model.events import ModelEvent
    from spindled.model.request import ModelRequest

log = logging.getLogger(__name__)


class ProviderUpstream:
    """A provider of the configuration."""

    def __init__(self, clients: ModelClients, config: Config):
        self._clients = clients
        self._provider = config.provider
        self._model = clients.model(config.provider)
        self._catalogue = Catalogue(config)

    def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        limit = self._catalogue.model(request.model).max_output_tokens
        return self._model.stream(replace(request, output_limit=limit))

    async def models(self) -> list[str]:
        client = await self._clients.client(self._provider)
        listing = await client.models()
        return [model.id for model in listing.models] if listing is not None else []


def run(options: Options, home: str, environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT (0). What cannot be served is told on stderr (1)."""
    try:
        config = load(Path(home), options.overrides, strict=options.strict_config)
        host, port = address(options.listen)
        token = environ.get(TOKEN_VARIABLE, "").strip() or None
        admit(host, allow_remote=options.allow_remote, token=token)
        return asyncio.run(serve(config, host, port, Guard(token, remote=not is_local(host))))
    except (ConfigError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1


async def serve(config: Config, host: str, port: int, guard: Guard) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clients = ModelClients(Login(config.home).key)
    gateway = Gateway(ProviderUpstream(clients, config), config.provider.wire_api, guard)
    try:
        port = await gateway.listen(host, port)
        clients.warm(config.provider)
        shown = f"[{host}]" if ":" in host else host
        print(f"Serving {config.provider.name} on http://{shown}:{port}/v1", flush=True)  # noqa: T201
        await stop.wait()
    finally:
        await gateway.close()
        await kill_all()
        await clients.close()
    return 0
