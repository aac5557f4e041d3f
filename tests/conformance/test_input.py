"""What a user may send beside text."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.conformance.steps import INVALID, open_thread, refusal
from tests.support.client import Client, Message, is_completion_of
from tests.support.fake_provider import FakeProvider
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow
from tests.support.home import Home

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URL = f"data:image/png;base64,{PNG}"


async def send(client: Client, provider: FakeProvider, content: list[Message]) -> tuple[list[str], list[Message]]:
    """The flow of a turn with this input, and what the model was given of it."""
    thread = await open_thread(client)
    since = client.mark()
    turn = (await client.request("turn/start", {"threadId": thread, "input": content}))["turn"]
    await client.wait_for(is_completion_of(turn["id"]), since=since)
    return flow(client.received[since:]), provider.requests[-1].json["input"][-1]["content"]


def text(value: str) -> Message:
    return {"type": "text", "text": value, "text_elements": []}


@pytest.mark.parametrize("given", [text("hi"), {"type": "text", "text": "hi"}])
async def test_text(client: Client, provider: FakeProvider, given: Message) -> None:
    happened, content = await send(client, provider, [given])
    assert happened == [*STARTED, *ANSWERED, *COMPLETED]
    assert content == [{"type": "input_text", "text": "hi"}]


async def test_an_image_as_data(client: Client, provider: FakeProvider) -> None:
    happened, content = await send(client, provider, [text("look"), {"type": "image", "url": DATA_URL}])
    assert happened == [*STARTED, *ANSWERED, *COMPLETED]
    assert images(content) == [DATA_URL]


async def test_a_thread_that_begins_with_an_image_is_listed(client: Client, provider: FakeProvider) -> None:
    await send(client, provider, [{"type": "image", "url": DATA_URL}])
    assert [thread["preview"] for thread in (await client.request("thread/list", {}))["data"]] == ["[Image]"]


async def test_a_turn_without_input_has_no_user_message(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    since = client.mark()
    turn = (await client.request("turn/start", {"threadId": thread, "input": []}))["turn"]
    await client.wait_for(is_completion_of(turn["id"]), since=since)
    assert flow(client.received[since:]) == [*STARTED[:3], *ANSWERED, *COMPLETED]
    assert all(item["content"] for item in provider.requests[-1].json["input"])


async def test_an_image_file(client: Client, provider: FakeProvider, home: Home) -> None:
    path = home.workspace / "p.png"
    path.write_bytes(base64.b64decode(PNG))
    _, content = await send(client, provider, [{"type": "localImage", "path": str(path)}])
    assert images(content) == [DATA_URL]
    assert str(path) in content[0]["text"]


@pytest.mark.parametrize("data", [None, b"not an image"])
async def test_an_image_file_that_cannot_be_read_is_told_to_the_model(
    client: Client, provider: FakeProvider, home: Home, data: bytes | None
) -> None:
    path = home.workspace / "bad.png"
    if data is not None:
        path.write_bytes(data)
    happened, content = await send(client, provider, [{"type": "localImage", "path": str(path)}])
    assert happened == [*STARTED, *ANSWERED, *COMPLETED]
    assert images(content) == []
    assert "could not be read" in content[0]["text"]


async def test_a_mention(client: Client, provider: FakeProvider) -> None:
    _, content = await send(client, provider, [{"type": "mention", "name": "a file", "path": "/a/b"}, text("this")])
    assert "/a/b" in content[0]["text"]
    assert content[1]["text"] == "this"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "image", "url": "https://example.invalid/x.png"}, "remote image URLs are not supported"),
        ({"type": "audio", "url": "data:audio/wav;base64,AAAA"}, "audio"),
    ],
)
async def test_what_no_model_can_be_given_is_refused(client: Client, given: Any, said: str) -> None:
    thread = await open_thread(client)
    code, message = await refusal(client, "turn/start", {"threadId": thread, "input": [given]})
    assert code == INVALID
    assert said in message


def images(content: list[Message]) -> list[str]:
    return [part["image_url"] for part in content if part["type"] == "input_image"]
