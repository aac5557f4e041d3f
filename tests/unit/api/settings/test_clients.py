from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from spindled.api.settings.clients import ModelClients
from spindled.config.schema import Provider
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Completed, ItemDone
from spindled.model.request import ModelRequest
from tests.support.fake_chat import chat_stream
from tests.support.fake_items import message
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import FakeProvider, Reply, stream
from tests.support.spoken import Say


def provider(fake: FakeProvider, **more: object) -> Provider:
    return replace(Provider(id="test", name="test", base_url=fake.base_url, request_max_retries=0), **more)


async def sample(clients: ModelClients, settings: Provider) -> str:
    text = ""
    async for batch in clients.model(settings).stream(ModelRequest(model="m")):
        for event in batch:
            if isinstance(event, ItemDone):
                text += event.item["content"][0]["text"]
    assert isinstance(event, Completed)
    return text


async def test_a_model_streams_over_one_client() -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        fake.script(stream(message("one")), stream(message("two")))
        clients.warm(provider(fake))
        assert [await sample(clients, provider(fake)) for _ in range(2)] == ["one", "two"]
        assert await clients.client(provider(fake)) is await clients.client(provider(fake))
        assert fake.connections == 1
        await clients.close()


@pytest.mark.parametrize(
    ("wire_api", "reply"), [("chat", chat_stream(Say("hi"))), ("messages", messages_stream(Say("hi")))]
)
async def test_every_api(wire_api: str, reply: Reply) -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        fake.script(reply)
        assert await sample(clients, provider(fake, wire_api=wire_api)) == "hi"
        await clients.close()


async def test_other_settings_get_a_client_of_their_own_and_keep_it() -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        one, other = provider(fake), provider(fake, http_headers={"x-team": "b"})
        first = await clients.client(one)
        assert await clients.client(other) is not first
        assert await clients.client(one) is first
        await sample(clients, other)
        assert fake.requests[-1].headers["x-team"] == "b"
        await clients.close()


async def test_settings_that_no_client_can_be_made_of() -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        broken = provider(fake, wire_api="soap")
        clients.warm(broken)
        for _ in range(2):  # the failure is told again, and not only logged
            with pytest.raises(ModelError, match="soap") as caught:
                await sample(clients, broken)
            assert caught.value.kind is Kind.SETTINGS
        assert await sample(clients, provider(fake)) == "ok"
        await clients.close()


async def test_a_missing_key_fails_the_request_and_names_the_variable() -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        settings = provider(fake, env_key="SPINDLED_TEST_NO_SUCH_KEY")
        clients.warm(settings)
        with pytest.raises(ModelError, match="SPINDLED_TEST_NO_SUCH_KEY"):
            await sample(clients, settings)
        assert fake.requests == []
        await clients.close()


async def test_giving_up_waiting_does_not_stop_the_others() -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        impatient = asyncio.ensure_future(clients.client(provider(fake)))
        patient = asyncio.ensure_future(clients.client(provider(fake)))
        waiting = asyncio.ensure_future(asyncio.wait([impatient, patient], return_when=asyncio.FIRST_COMPLETED))
        impatient.cancel()
        await waiting
        assert await patient
        await clients.close()


async def test_warmed_a_little_later_and_once() -> None:
    begun, asked = asyncio.Event(), list[str]()

    def login() -> None:
        asked.append("login")
        begun.set()

    async with FakeProvider() as fake:
        clients = ModelClients(login)
        for _ in range(3):
            clients.warm_soon(provider(fake))
        assert asked == []
        await begun.wait()
        assert asked == ["login"]
        begun.clear()
        clients.warm_soon(provider(fake))  # and not behind the end
        await clients.close()
        assert not begun.is_set()


async def test_closing_while_a_client_is_made() -> None:
    async with FakeProvider() as fake:
        clients = ModelClients()
        clients.warm(provider(fake))
        await clients.close()
        await clients.close()


async def test_the_embedded_model() -> None:
    clients = ModelClients()
    assert await sample(clients, Provider(id="scripted", embedded=True)) is not None
    await clients.close()


async def test_the_user_s_key_is_for_providers_that_take_an_account() -> None:
    async with FakeProvider() as fake:
        keys = ["sk-one"]
        clients = ModelClients(lambda: keys[-1])
        taking = provider(fake, requires_openai_auth=True)
        fake.script(*(stream(message("hi")) for _ in range(4)))
        await sample(clients, taking)
        keys.append("sk-two")
        await sample(clients, taking)
        await sample(clients, replace(taking, experimental_bearer_token="sk-configured"))
        await sample(clients, provider(fake))
        sent = [request.headers.get("authorization") for request in fake.requests]
        assert sent == ["Bearer sk-one", "Bearer sk-two", "Bearer sk-configured", None]
        await clients.close()
