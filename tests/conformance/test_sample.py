"""thread/sample: an answer from a thread's history that the thread does not keep."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, open_thread, refusal
from tests.conftest import Spawn
from tests.support.client import Client, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, answer, stream

INTERNAL = -32603
HALF = message("one two three four", deltas=["one ", "two ", "three ", "four"], hold_after=(2, "half"))
USAGE = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10, "input_tokens_details": {"cached_tokens": 2}}


async def one_turn(client: Client, provider: FakeProvider) -> tuple[str, str]:
    provider.script(stream(message("hello")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    return thread, str(messages[-1]["params"]["turn"]["id"])


def asks(thread: str, turn: str, **more: Any) -> dict[str, Any]:
    return {"threadId": thread, "expectedTurnId": turn, "prompt": "what so far?", **more}


def texts(request: Any) -> list[str]:
    return [part["text"] for item in request.json["input"] for part in item["content"]]


async def test_it_knows_the_conversation_and_leaves_no_trace(client: Client, provider: FakeProvider) -> None:
    thread, turn = await one_turn(client, provider)
    provider.script(stream(message("a greeting"), usage=USAGE), stream(message("bye")))
    since = client.mark()
    result = await client.request("thread/sample", asks(thread, turn, effort="low"))
    assert client.received[since:-1] == []
    assert result == {
        "sourceTurnId": turn,
        "responseId": result["responseId"],
        "text": "a greeting",
        "inputTokens": 7,
        "cachedInputTokens": 2,
        "outputTokens": 3,
    }
    before, asked = provider.requests
    assert texts(asked) == [*texts(before), "hello", "what so far?"]
    assert asked.json["reasoning"]["effort"] == "low"
    assert asked.json["tools"] == before.json["tools"]
    assert asked.json["prompt_cache_key"] == before.json["prompt_cache_key"]
    await client.run_turn(thread, "go on")
    assert texts(provider.requests[-1]) == [*texts(before), "hello", "go on"]
    turns = await client.request("thread/turns/list", {"threadId": thread})
    assert len(turns["data"]) == 2


async def test_its_calls_are_not_run(client: Client, provider: FakeProvider) -> None:
    thread, turn = await one_turn(client, provider)
    provider.script(stream(command("touch marker")))
    assert (await client.request("thread/sample", asks(thread, turn)))["text"] is None
    assert len(provider.requests) == 2


async def test_after_a_resume(client: Client, spawn: Spawn, provider: FakeProvider) -> None:
    thread, turn = await one_turn(client, provider)
    await client.close()
    client = await spawn()
    await client.initialize()
    await client.request("thread/resume", {"threadId": thread})
    provider.script(stream(message("a greeting")))
    assert (await client.request("thread/sample", asks(thread, turn)))["text"] == "a greeting"


async def test_beside_a_turn_that_runs(client: Client, provider: FakeProvider) -> None:
    thread, first = await one_turn(client, provider)
    provider.script(stream(HALF), stream(message("beside")))
    running = (await client.start_turn(thread, "write"))["id"]
    await client.wait_for(lambda m: m.get("params", {}).get("delta") == "two ")
    assert await refusal(client, "thread/sample", asks(thread, running)) == (INVALID, "sample source must be idle")
    late = asks(thread, first, allowInProgressTurn=True)
    assert await refusal(client, "thread/sample", late) == (INVALID, "sample source turn must be the latest turn")
    beside = await client.request("thread/sample", asks(thread, running, allowInProgressTurn=True))
    assert beside["text"] == "beside"
    provider.release("half")
    done = await client.wait_for(is_completion_of(running))
    assert done["params"]["turn"]["status"] == "completed"


async def test_it_can_be_cancelled(client: Client, provider: FakeProvider) -> None:
    thread, turn = await one_turn(client, provider)
    provider.script(stream(HALF))
    client.send({"method": "thread/sample", "id": "mine", "params": asks(thread, turn)})
    await provider.reached("half")
    since = client.mark()
    assert await client.request("thread/sample/cancel", {"requestId": "another's"}) == {}
    assert await client.request("thread/sample/cancel", {"requestId": "mine"}) == {}
    ended = await client.wait_for(lambda m: m.get("id") == "mine", since=since)
    assert ended["error"] == {"code": INTERNAL, "message": "sample canceled"}
    await provider.requests[-1].gone.wait()
    assert await client.request("thread/sample/cancel", {"requestId": "mine"}) == {}


async def test_what_cannot_be_asked(client: Client, provider: FakeProvider) -> None:
    thread, turn = await one_turn(client, provider)
    asked = (INVALID, "thread/sample requires expectedTurnId and a prompt of at most 4000 bytes")
    for wrong in ({"prompt": ""}, {"prompt": "ä" * 2001}, {"expectedTurnId": ""}):
        assert await refusal(client, "thread/sample", asks(thread, turn) | wrong) == asked
    latest = (INVALID, "sample source turn must be the latest finished turn")
    assert await refusal(client, "thread/sample", asks(thread, NOWHERE)) == latest
    fresh = await open_thread(client)
    assert await refusal(client, "thread/sample", asks(fresh, NOWHERE)) == latest
    unloaded = (INVALID, "thread/sample requires a loaded source")
    assert await refusal(client, "thread/sample", asks(NOWHERE, turn)) == unloaded


async def test_a_provider_that_fails(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(provider={"stream_max_retries": 1, "request_max_retries": 0})
    thread, turn = await one_turn(client, provider)
    provider.script(answer(500), stream(message("at last")))
    assert (await client.request("thread/sample", asks(thread, turn)))["text"] == "at last"
    provider.script(answer(500), answer(500))
    assert (await refusal(client, "thread/sample", asks(thread, turn)))[0] == INTERNAL
    assert (await client.request("thread/read", {"threadId": thread}))["thread"]["status"] == {"type": "idle"}


async def test_it_is_charged_to_the_thread(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("hello"), usage=USAGE), stream(message("a greeting"), usage=USAGE))
    thread = await open_thread(client, budget={"thread": {"totalTokens": 19}})
    turn = (await client.run_turn(thread, "hi"))[-1]["params"]["turn"]["id"]
    await client.request("thread/sample", asks(thread, turn))
    code, text = await refusal(client, "thread/sample", asks(thread, turn))
    assert (code, "budget" in text) == (INTERNAL, True)
    assert len(provider.requests) == 2


@pytest.mark.parametrize("effort", ["", 3])
async def test_an_effort_that_is_none(client: Client, effort: Any) -> None:
    assert (await refusal(client, "thread/sample", asks(NOWHERE, NOWHERE, effort=effort)))[0] == INVALID
