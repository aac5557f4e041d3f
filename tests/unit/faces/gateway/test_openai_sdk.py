"""Row 4-50: the official SDK, in the ways that it is used, and with its own types checked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.fake_chat import chat_stream
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import FakeProvider, Reply, answer
from tests.support.spoken import Call, Say, Think
from tests.unit.faces.gateway.conftest import Start

openai = pytest.importorskip("openai")

PARTS = (Think("hm", deltas=2), Say("Grüße, 🌍!", deltas=4), Call("shell", '{"cmd":"ls"}', deltas=2))
TOOL = {"type": "function", "name": "shell", "parameters": {"type": "object"}, "strict": None}
REPLIES = {"chat": chat_stream(*PARTS, finish="tool_calls"), "messages": messages_stream(*PARTS, stop="tool_use")}


@pytest_asyncio.fixture
async def connect(start: Start) -> AsyncIterator[object]:
    made = []

    async def client(api: str) -> object:
        made.append(openai.AsyncOpenAI(base_url=await start(api), api_key="any", max_retries=0))
        return made[-1]

    yield client
    for each in made:
        await each.close()


@pytest.mark.parametrize(("api", "reply"), REPLIES.items())
async def test_a_whole_response(fake: FakeProvider, connect, api: str, reply: Reply) -> None:
    fake.script(reply)
    client = await connect(api)
    response = await client.responses.create(model="m", input="hi", tools=[TOOL], store=False)
    assert response.output_text == "Grüße, 🌍!"
    assert [item.type for item in response.output] == ["reasoning", "message", "function_call"]
    assert response.output[2].arguments == '{"cmd":"ls"}'
    assert response.usage.output_tokens == 10
    type(response).model_validate(response.model_dump())


@pytest.mark.parametrize(("api", "reply"), REPLIES.items())
async def test_a_stream(fake: FakeProvider, connect, api: str, reply: Reply) -> None:
    fake.script(reply)
    client = await connect(api)
    events = []
    async with client.responses.stream(model="m", input="hi", tools=[TOOL]) as stream:
        async for event in stream:
            type(event).model_validate(event.model_dump(warnings=False))
            events.append(event)
        final = await stream.get_final_response()
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == final.output_text
    assert "response.function_call_arguments.delta" in kinds
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == "Grüße, 🌍!"


async def test_a_conversation_with_a_call(fake: FakeProvider, connect) -> None:
    """The output of a response is put into the next request as it is."""
    fake.script(REPLIES["messages"], messages_stream(Say("done")))
    client = await connect("messages")
    first = await client.responses.create(model="m", input="hi", tools=[TOOL], reasoning={"effort": "low"})
    history = [{"role": "user", "content": "hi"}, *first.output]
    history.append({"type": "function_call_output", "call_id": first.output[2].call_id, "output": "a"})
    second = await client.responses.create(model="m", input=history, tools=[TOOL], reasoning={"effort": "low"})
    assert second.output_text == "done"
    said = fake.requests[-1].json["messages"][1]["content"]
    assert [block["type"] for block in said] == ["thinking", "text", "tool_use"]


async def test_errors(fake: FakeProvider, connect) -> None:
    fake.script(answer(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}))
    client = await connect("chat")
    with pytest.raises(openai.RateLimitError) as caught:
        await client.responses.create(model="m", input="hi", stream=True)
    assert caught.value.code == "rate_limit_exceeded"
    with pytest.raises(openai.APIStatusError) as refused:
        await client.responses.create(model="m", input="hi", previous_response_id="resp_1")
    assert (refused.value.status_code, refused.value.param) == (501, "previous_response_id")


async def test_a_stream_that_breaks(fake: FakeProvider, connect) -> None:
    fake.script(chat_stream(Say("so far", deltas=2), stop_after=3))
    client = await connect("chat")
    events = [event async for event in await client.responses.create(model="m", input="hi", stream=True)]
    assert events[-1].type == "response.failed"
    assert events[-1].response.error.code == "server_error"


async def test_models(fake: FakeProvider, connect) -> None:
    fake.models = ["one", "two"]
    client = await connect("chat")
    assert [model.id async for model in client.models.list()] == ["one", "two"]
