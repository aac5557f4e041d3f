"""Row 4-28: lists of models over real sockets: fetched in the background, kept, and never in the way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web
from msgspec.structs import replace

from spindled.api.settings.clients import ModelClients
from spindled.api.settings.listings import AGAIN_SECONDS, FRESH_SECONDS, Listings
from spindled.config.schema import Provider


class Vendor:
    """GET /models with an ETag."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, str]] = []
        self.status = 200
        self.models: list[Any] = [{"id": "one", "context_length": 1000}]

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append({**request.headers, **request.query})
        body = json.dumps({"data": self.models})
        etag = f'"{hash(body)}"'
        if self.status == 200 and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(status=self.status, text=body, content_type="application/json", headers={"ETag": etag})


class World:
    def __init__(self, home: Path, vendor: Vendor, base_url: str):
        self.home, self.vendor = home, vendor
        self.provider = Provider(id="v", name="v", base_url=base_url, request_max_retries=0)
        self.clients = ModelClients()
        self.now = 1e9
        self.listings = self.fresh()

    def fresh(self) -> Listings:
        """As a process that begins."""
        return Listings(self.home, self.clients, lambda: self.now)

    async def told(self, listings: Listings | None = None, **settings: Any) -> dict[str, int | None]:
        listings, provider = listings or self.listings, replace(self.provider, **settings)
        task = listings.refresh(provider)
        if task is not None:
            await task
        return {id: facts.context_window for id, facts in listings.told(provider).items()}


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    vendor = Vendor()
    app = web.Application()
    app.router.add_get("/v1/models", vendor.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    made = World(tmp_path, vendor, f"http://127.0.0.1:{port}/v1")
    yield made
    await made.listings.close()
    await made.clients.close()
    await runner.cleanup()


async def test_it_is_asked_once_and_kept_between_runs(world: World) -> None:
    assert await world.told() == {"one": 1000}
    assert await world.told() == {"one": 1000}
    assert await world.told(world.fresh()) == {"one": 1000}
    assert len(world.vendor.asked) == 1
    (kept,) = (world.home / "models").iterdir()
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_an_old_list_is_used_while_a_new_one_comes(world: World) -> None:
    await world.told()
    world.now += FRESH_SECONDS
    world.vendor.models.append("two")
    listings = world.fresh()
    task = listings.refresh(world.provider)
    assert list(listings.told(world.provider)) == ["one"]
    assert listings.refresh(world.provider) is task
    assert task is not None
    await task
    assert list(listings.told(world.provider)) == ["one", "two"]


async def test_a_list_that_has_not_changed_is_not_sent_again(world: World) -> None:
    await world.told()
    world.now += FRESH_SECONDS
    assert await world.told(world.fresh()) == {"one": 1000}
    assert "If-None-Match" in world.vendor.asked[-1]
    assert await world.told() == {"one": 1000}


async def test_a_failure_is_none(world: World) -> None:
    world.vendor.status = 500
    assert await world.told() == {}
    assert await world.told() == {}
    assert len(world.vendor.asked) == 1
    world.now += AGAIN_SECONDS
    world.vendor.status = 200
    assert await world.told() == {"one": 1000}


async def test_what_is_no_list_is_none(world: World) -> None:
    world.vendor.models = {}  # type: ignore[assignment]
    assert await world.told() == {}


async def test_other_addresses_have_other_lists(world: World) -> None:
    await world.told()
    listings = world.fresh()
    assert listings.told(replace(world.provider, base_url="http://127.0.0.1:1/v1")) == {}
    assert listings.told(replace(world.provider, id="../../v")) == {}


async def test_a_file_that_cannot_be_read_or_is_of_the_future(world: World) -> None:
    await world.told()
    (kept,) = (world.home / "models").iterdir()
    world.now -= 1
    assert world.fresh().told(world.provider) == {}
    world.now += 1
    for content in (b"", b"{", b'{"base_url":3}', b"\xff"):
        kept.write_bytes(content)
        assert world.fresh().told(world.provider) == {}
    assert await world.told(world.fresh()) == {"one": 1000}


async def test_a_folder_that_cannot_be_written(world: World) -> None:
    (world.home / "models").write_text("a file")
    assert await world.told() == {"one": 1000}


async def test_messages_providers_are_asked_for_all_at_once(world: World) -> None:
    await world.told(wire_api="messages", experimental_bearer_token="a-long-key")
    assert world.vendor.asked[0]["limit"] == "1000"
    assert world.vendor.asked[0]["x-api-key"] == "a-long-key"


async def test_closing_ends_a_fetch(world: World) -> None:
    task = world.listings.refresh(world.provider)
    await world.listings.close()
    assert task is not None
    assert task.done()


async def test_the_embedded_model_is_not_asked(world: World) -> None:
    assert world.listings.refresh(Provider(id="scripted", embedded=True)) is None
