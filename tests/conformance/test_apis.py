"""A turn over the other APIs: clients see what they see with Responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread
from tests.support.client import agent_texts
from tests.support.fake_chat import chat_stream, chunk
from tests.support.fake_items import custom_tool_call, function_call, message
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import FakeProvider, Reply, stream
from tests.support.flow import flow
from tests.support.home import Home
from tests.support.spoken import Call, Say, Spoken

PATCH = "*** Begin Patch\n*** Add File: new.txt\n+made\n*** End Patch\n"
CALLS = (
    Say("Working."),
    Call("apply_patch", PATCH, "call_1", custom=True, deltas=4),
    Call("exec_command", json.dumps({"cmd": "cat new.txt"}), "call_2", deltas=3),
)


def responses(*parts: Spoken) -> Reply:
    def item(part: Spoken) -> Any:
        if isinstance(part, Call):
            make = custom_tool_call if part.custom else function_call
            return make(part.name, part.arguments, call_id=part.call_id, deltas=part.deltas)
        assert isinstance(part, Say)
        return message(part.text, deltas=part.deltas)

    return stream(*map(item, parts))


APIS: dict[str, Callable[..., Reply]] = {"responses": responses, "chat": chat_stream, "messages": messages_stream}


async def test_a_turn_with_tools(launch: Launch, provider: FakeProvider, home: Home) -> None:
    flows = {}
    for api, reply in APIS.items():
        (home.workspace / "new.txt").unlink(missing_ok=True)
        client = await launch(provider={"wire_api": api})
        provider.script(reply(*CALLS), reply(Say("All done.", deltas=2)))
        messages = await client.run_turn(await open_thread(client), "go")
        assert agent_texts(messages) == ["Working.", "All done."]
        assert (home.workspace / "new.txt").read_text() == "made\n"
        assert "made" in provider.requests[-1].body.decode()
        flows[api] = flow(messages)
    assert flows["chat"] == flows["responses"]
    assert flows["messages"] == flows["responses"]


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_a_stream_that_breaks_is_tried_again(launch: Launch, provider: FakeProvider, api: str) -> None:
    reply = APIS[api]
    client = await launch(provider={"wire_api": api})
    provider.script(reply(Say("half"), stop_after=4), reply(Say("whole")))
    messages = await client.run_turn(await open_thread(client), "go")
    assert agent_texts(messages) == ["whole"]
    assert [m["params"]["willRetry"] for m in messages if m.get("method") == "error"] == [True]


@pytest.mark.parametrize(
    ("api", "field"), [("responses", "max_output_tokens"), ("chat", "max_tokens"), ("messages", "max_tokens")]
)
async def test_the_output_limit_of_the_configuration(
    launch: Launch, provider: FakeProvider, api: str, field: str
) -> None:
    client = await launch(provider={"wire_api": api}, model_max_output_tokens=2000)
    provider.script(APIS[api](Say("Hello.")))
    await client.run_turn(await open_thread(client), "go")
    assert json.loads(provider.requests[-1].body)[field] == 2000


async def test_what_comes_behind_the_answer_goes_back(launch: Launch, provider: FakeProvider) -> None:
    """Row 4-53: details of reasoning at the end of a response, and what a call's provider wants back with it."""
    client = await launch(provider={"wire_api": "chat"})
    details = [{"type": "reasoning.encrypted", "index": 0, "data": "d"}]
    extra = {"google": {"thought_signature": "sig"}}
    made = {
        "index": 0,
        "id": "call_1",
        "extra_content": extra,
        "function": {"name": "exec_command", "arguments": json.dumps({"cmd": "true"})},
    }
    provider.script(
        chat_stream(Say("Working."), extra=[chunk(tool_calls=[made]), chunk(reasoning_details=details)]),
        chat_stream(Say("All done.")),
    )
    messages = await client.run_turn(await open_thread(client), "go")
    assert agent_texts(messages) == ["Working.", "All done."]
    said = next(sent for sent in provider.requests[-1].json["messages"] if sent["role"] == "assistant")
    assert said["reasoning_details"] == details
    assert said["tool_calls"][0]["extra_content"] == extra


async def test_the_patch_tool_promises_nothing_about_its_wrapping(launch: Launch, provider: FakeProvider) -> None:
    """Row 4-57: it is a function with a string to these models."""
    client = await launch(provider={"wire_api": "chat"})
    provider.script(chat_stream(Say("ok")))
    await client.run_turn(await open_thread(client), "go")
    tools = {tool["function"]["name"]: tool["function"] for tool in provider.requests[0].json["tools"]}
    assert "JSON" not in tools["apply_patch"]["description"]
