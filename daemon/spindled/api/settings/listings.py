"""What providers tell of their models: asked for in the background, and kept in the home folder between runs."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING

import msgspec

from spindled.config.home.files import read_bounded, write_whole
from spindled.model.errors import ModelError
from spindled.model.listing import Listing, ModelFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from spindled.api.settings.clients import ModelClients
    from spindled.config.schema import Provider

FRESH_SECONDS = 3600.0
AGAIN_SECONDS = 60.0  # after a fetch that failed
MOST_BYTES = 16 << 20

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True):
    """One file: the list of the provider at `base_url`, as it was at a Unix time."""

    base_url: str
    fetched_at: float
    listing: Listing


class Listings:
    """One per process. Nothing here raises: a list that cannot be had is an empty one."""

    def __init__(self, home: Path, clients: ModelClients, now: Callable[[], float] = time.time):
        self._folder = home / "models"
        self._clients = clients
        self._now = now
        self._kept: dict[str, Kept] = {}
        self._told: dict[str, Mapping[str, ModelFacts]] = {}
        self._tried: dict[str, float] = {}
        self._fetches: dict[str, asyncio.Task[None]] = {}

    def told(self, provider: Provider) -> Mapping[str, ModelFacts]:
        """By id, as far as it is known now; may be old."""
        kept = self._known(provider)
        key = self._key(provider)
        if key not in self._told:
            self._told[key] = {facts.id: facts for facts in kept.listing.models}
        return self._told[key]

    def refresh(self, provider: Provider) -> asyncio.Task[None] | None:
        """Ask the provider unless it was asked lately; None if there is nothing to wait for."""
        key = self._key(provider)
        running = self._fetches.get(key)
        if running is not None:
            return running
        now = self._now()
        if provider.embedded or now - self._known(provider).fetched_at < FRESH_SECONDS:
            return None
        if now - self._tried.get(key, 0.0) < AGAIN_SECONDS:
            return None
        self._tried[key] = now
        task = asyncio.get_running_loop().create_task(self._fetch(provider), name=f"models of {provider.id}")
        self._fetches[key] = task
        task.add_done_callback(lambda _: self._fetches.pop(key, None))
        return task

    async def close(self) -> None:
        """End what is still being fetched."""
        tasks = list(self._fetches.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _fetch(self, provider: Provider) -> None:
        known = self._known(provider)
        try:
            client = await self._clients.client(provider)
            listing = await client.models(known.listing.etag) or known.listing
        except ModelError as error:
            log.info("the models of %s are not known: %s", provider.id, error)
            return
        key = self._key(provider)
        kept = self._kept[key] = Kept(provider.base_url or "", self._now(), listing)
        self._told.pop(key, None)
        try:
            await asyncio.to_thread(self._write, key, kept)
        except OSError as error:
            log.info("the models of %s are not kept: %s", provider.id, error)

    def _known(self, provider: Provider) -> Kept:
        key = self._key(provider)
        if key not in self._kept:
            self._kept[key] = self._read(key, provider)
        return self._kept[key]

    def _read(self, key: str, provider: Provider) -> Kept:
        nothing = Kept(provider.base_url or "", 0.0, Listing())
        try:
            kept = msgspec.json.decode(read_bounded(self._folder / key, MOST_BYTES), type=Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return nothing
        in_time = kept.fetched_at <= self._now()
        return kept if in_time and kept.base_url == nothing.base_url else nothing

    def _write(self, key: str, kept: Kept) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_whole(self._folder / key, msgspec.json.encode(kept))

    @staticmethod
    def _key(provider: Provider) -> str:
        """The name of the file: an id may hold anything."""
        text = f"{provider.id}\n{provider.base_url}"
        return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
