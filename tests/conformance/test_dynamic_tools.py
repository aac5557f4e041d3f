"""Tools that a client brings along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread, outputs, refusal
from tests.conftest import Spawn
from tests.support.client import Client, Message
from tests.support.fake_chat import chat_stream
from tests.support.fake_items import function_call, message
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow, items, of
from tests.support.spoken import Call, Say

CALL = "item/tool/call"
USAGE = "thread/tokenUsage/updated"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
BERN = {"city": "Bern"}


def tool(name: str, **fields: Any) -> Message:
    return {"type": "function", "name": name, "description": f"{name}.", "inputSchema": SCHEMA, **fields}


def space(name: str, *tools: Message) -> Message:
    return {"type": "namespace", "name": name, "description": f"A {name}.", "tools": list(tools)}


WEATHER, SHOP = tool("weather"), space("shop", tool("buy", deferLoading=True), tool("sell"))


def text(words: str, *, success: bool = True) -> Message:
    return {"contentItems": [{"type": "inputText", "text": words}], "success": success}


def offered(request: Any) -> list[str]:
    found = [(spec["name"], spec.get("tools", ())) for spec in request.json["tools"] if "name" in spec]
    return [name for space, tools in found for name in [space, *(f"{space}/{each['name']}" for each in tools)]]


async def test_the_client_runs_its_tool(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client, dynamicTools=[WEATHER, SHOP])
    calls = function_call("weather", BERN, call_id="c1"), function_call("sell", BERN, call_id="c2", namespace="shop")
    provider.script(stream(*calls))
    client.on_request(CALL, lambda params: text(f"{params['tool']} in {params['arguments']['city']}"))
    messages = await client.run_turn(thread, "weather?")
    ran = ["item/started dynamicToolCall inProgress", f"request {CALL}", "item/completed dynamicToolCall completed"]
    assert flow(messages) == [*STARTED, *ran, *ran, USAGE, *ANSWERED, *COMPLETED]
    asked = of(messages, CALL)
    assert [(each["callId"], each["namespace"], each["tool"]) for each in asked] == [
        ("c1", None, "weather"),
        ("c2", "shop", "sell"),
    ]
    assert outputs(provider.requests[1]) == [("c1", "weather in Bern"), ("c2", "sell in Bern")]
    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    shown = [item for item in read["thread"]["turns"][0]["items"] if item["type"] == "dynamicToolCall"]
    assert [(each["tool"], each["status"], each["success"]) for each in shown] == [
        ("weather", "completed", True),
        ("sell", "completed", True),
    ]


@pytest.mark.parametrize("answer", [text("closed", success=False), {"success": True}, {"contentItems": "x"}])
async def test_a_tool_that_fails(client: Client, provider: FakeProvider, answer: Message) -> None:
    thread = await open_thread(client, dynamicTools=[WEATHER])
    provider.script(stream(function_call("weather", BERN, call_id="c1")))
    client.on_request(CALL, lambda _: answer)
    messages = await client.run_turn(thread, "weather?")
    [item] = items(messages, "dynamicToolCall")
    assert (item["status"], item["success"]) == ("failed", False)
    assert outputs(provider.requests[1]) == [("c1", item["contentItems"][0]["text"])]


async def test_a_client_that_is_silent_for_too_long(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(tables="[tools]\ndynamic_timeout_sec = 1\n")
    thread = await open_thread(client, dynamicTools=[WEATHER])
    provider.script(stream(function_call("weather", BERN, call_id="c1")))
    messages = await client.run_turn(thread, "weather?")
    assert [item["status"] for item in items(messages, "dynamicToolCall")] == ["failed"]
    assert len(of(messages, "serverRequest/resolved")) == 1


async def test_an_interrupt_takes_the_call_back(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client, dynamicTools=[WEATHER])
    provider.script(stream(function_call("weather", BERN, call_id="c1")), stream(message("fine")))
    since = client.mark()
    turn = await client.start_turn(thread, "weather?")
    asked = await client.wait_for(CALL)
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    await client.wait_for("turn/completed", since=since)
    [item] = items(client.received, "dynamicToolCall")
    assert (item["status"], item["contentItems"]) == ("failed", [])
    client.send({"id": asked["id"], "result": text("late")})
    await client.run_turn(thread, "on")
    assert [output for _, output in outputs(provider.requests[-1])] != ["late"]


async def test_tools_outlive_the_daemon_and_go_with_a_fork(
    launch: Launch, spawn: Spawn, provider: FakeProvider
) -> None:
    client = await launch()
    thread = await open_thread(client, dynamicTools=[WEATHER, SHOP])
    await client.run_turn(thread, "hi")
    await client.kill()
    again = await spawn()
    await again.initialize()
    await again.request("thread/resume", {"threadId": thread})
    again.on_request(CALL, lambda _: text("sunny"))
    provider.script(stream(function_call("weather", BERN, call_id="c1")))
    messages = await again.run_turn(thread, "weather?")
    assert [item["status"] for item in items(messages, "dynamicToolCall")] == ["completed"]
    fork = await again.request("thread/fork", {"threadId": thread})
    await again.run_turn(fork["thread"]["id"], "and here?")
    assert {"weather", "shop/sell"} <= set(offered(provider.requests[-1]))


async def test_deferred_tools_are_offered_once_they_were_found(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client, dynamicTools=[SHOP])
    client.on_request(CALL, lambda _: text("bought"))
    provider.script(
        stream(function_call("tool_search", {"query": "buy something"}, call_id="c1")),
        stream(function_call("buy", BERN, call_id="c2", namespace="shop")),
    )
    await client.run_turn(thread, "go")
    seen = [offered(request) for request in provider.requests]
    assert ["shop/buy" in names for names in seen] == [False, True, True]
    found, bought = outputs(provider.requests[2])
    assert [each["name"] for each in json.loads(found[1])] == ["buy"]
    assert bought == ("c2", "bought")


@pytest.mark.parametrize(("api", "reply"), [("chat", chat_stream), ("messages", messages_stream)])
async def test_namespaces_where_the_provider_has_none(
    launch: Launch, provider: FakeProvider, api: str, reply: Any
) -> None:
    client = await launch(provider={"wire_api": api})
    thread = await open_thread(client, dynamicTools=[SHOP])
    client.on_request(CALL, lambda params: text(params["namespace"]))
    provider.script(reply(Call("shop__sell", json.dumps(BERN), "call_1")), reply(Say("Done.")))
    messages = await client.run_turn(thread, "go")
    assert [(item["namespace"], item["tool"], item["status"]) for item in items(messages, "dynamicToolCall")] == [
        ("shop", "sell", "completed")
    ]
    sent = json.dumps(provider.requests[1].json)
    assert sent.count('"shop__sell"') == 2  # the tool, and the call of it


@pytest.mark.parametrize(
    ("tools", "text"),
    [
        ([tool("bad name!")], "dynamic tool name must match ^[a-zA-Z0-9_-]+$ to match Responses API: bad name!"),
        ([WEATHER, WEATHER], "duplicate dynamic tool name: weather"),
        ([tool("lazy", deferLoading=True)], "deferred dynamic tool must include a namespace: lazy"),
        ([space("shop")], "dynamic tool namespace must contain at least one tool: shop"),
    ],
)
async def test_tools_that_cannot_be_offered(client: Client, tools: list[Message], text: str) -> None:
    assert await refusal(client, "thread/start", {"dynamicTools": tools}) == (INVALID, text)
    assert (await client.request("thread/loaded/list", {}))["data"] == []
