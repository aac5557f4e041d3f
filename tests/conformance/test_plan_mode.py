"""Collaboration modes, plans, and questions to the user."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread, outputs, refusal, text_input
from tests.conftest import Spawn
from tests.support.client import Client, Message
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow, items, of

QUESTION = "item/tool/requestUserInput"
USAGE = "thread/tokenUsage/updated"
COLOR = {
    "id": "color",
    "header": "Color",
    "question": "Which color?",
    "options": [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}],
}
SETTLED = ["serverRequest/resolved", "thread/status/changed active", USAGE]


def mode(name: str, **settings: Any) -> Message:
    return {"mode": name, "settings": {"model": "gpt-5.5", "reasoning_effort": "low", **settings}}


PLAN = {"collaborationMode": mode("plan")}


def asks(call_id: str = "c1", **question: Any) -> Any:
    return stream(function_call("request_user_input", {"questions": [{**COLOR, **question}]}, call_id=call_id))


def developer_text(request: Any) -> str:
    found = [item["content"] for item in request.json["input"] if item.get("role") == "developer"]
    return "".join(part["text"] for part in found[-1])


async def test_a_question_is_answered(client: Client, provider: FakeProvider) -> None:
    provider.script(asks())
    client.on_request(QUESTION, lambda _: {"answers": {"color": {"answers": ["Blue"]}}})
    messages = await client.run_turn(await open_thread(client), "ask", **PLAN)
    waiting = ["thread/status/changed active waitingOnUserInput", f"request {QUESTION}"]
    started = ["thread/settings/updated", *STARTED]
    assert flow(messages) == [*started, *waiting, *SETTLED, *ANSWERED, *COMPLETED]
    asked = of(messages, QUESTION)[0]
    assert (asked["itemId"], asked["isBlocking"], asked["questions"][0]["isOther"]) == ("c1", True, True)
    assert json.loads(outputs(provider.requests[1])[0][1]) == {"answers": {"color": {"answers": ["Blue"]}}}


@pytest.mark.parametrize("answer", [{"answers": {}}, {"wrong": 1}, {"answers": {"color": "Blue"}}])
async def test_no_answer_is_told_as_none(client: Client, provider: FakeProvider, answer: Message) -> None:
    provider.script(asks())
    client.on_request(QUESTION, lambda _: answer)
    messages = await client.run_turn(await open_thread(client), "ask", **PLAN)
    assert flow(messages)[-len(COMPLETED) :] == list(COMPLETED)
    assert outputs(provider.requests[1]) == [("c1", '{"answers":{}}')]


async def test_an_interrupt_takes_the_question_back_and_a_late_answer_changes_nothing(
    client: Client, provider: FakeProvider
) -> None:
    provider.script(asks(), stream(message("fine")))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "ask", **PLAN)
    asked = await client.wait_for(QUESTION)
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    resolved = await client.wait_for("serverRequest/resolved")
    assert resolved["params"]["requestId"] == asked["id"]
    client.send({"id": asked["id"], "result": {"answers": {"color": {"answers": ["Late"]}}}})
    await client.run_turn(thread, "on")
    [(_, output)] = outputs(provider.requests[-1])
    assert "Late" not in output


async def test_a_client_that_leaves_has_not_answered(launch: Launch, spawn: Spawn, provider: FakeProvider) -> None:
    client = await launch()
    provider.script(asks())
    thread = await open_thread(client)
    await client.start_turn(thread, "ask", **PLAN)
    await client.wait_for(QUESTION)
    assert await client.close() == 0
    again = await spawn()
    await again.initialize()
    await again.request("thread/resume", {"threadId": thread})
    await again.run_turn(thread, "on")
    assert len(outputs(provider.requests[-1])) == 1


async def test_in_default_mode_nobody_is_asked(client: Client, provider: FakeProvider) -> None:
    provider.script(asks())
    messages = await client.run_turn(await open_thread(client), "ask")
    assert flow(messages) == [*STARTED, USAGE, *ANSWERED, *COMPLETED]
    assert outputs(provider.requests[1]) == [("c1", "request_user_input is unavailable in Default mode")]


async def test_a_plan_is_an_item(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("<proposed_plan>\n# Plan\n- do it\n</proposed_plan>", deltas=9)))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "plan", **PLAN)
    [plan] = items(messages, "plan")
    turn = of(messages, "turn/completed")[0]["turn"]
    assert (plan["id"], plan["text"]) == (f"{turn['id']}-plan", "# Plan\n- do it\n")
    assert "".join(params["delta"] for params in of(messages, "item/plan/delta")) == plan["text"]
    assert items(messages, "agentMessage") == [] == turn["items"]
    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    assert [item["type"] for item in read["thread"]["turns"][0]["items"]] == ["userMessage", "plan"]


async def test_a_mode_stays_until_another_is_named(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    first = await client.run_turn(thread, "a", **PLAN)
    [updated] = of(first, "thread/settings/updated")
    shown = updated["threadSettings"]["collaborationMode"]
    assert (shown["mode"], shown["settings"]["reasoning_effort"]) == ("plan", "low")
    second = await client.run_turn(thread, "b")
    assert of(second, "thread/settings/updated") == []
    assert "# Plan mode" in developer_text(provider.requests[1])
    assert provider.requests[1].json["reasoning"]["effort"] == "low"
    await client.run_turn(thread, "c", collaborationMode=mode("default", developer_instructions="MINE"))
    told = developer_text(provider.requests[2])
    assert "<collaboration_mode>\nMINE\n</collaboration_mode>" in told and "# Plan mode" not in told


async def test_a_mode_survives_a_restart(launch: Launch, spawn: Spawn, provider: FakeProvider) -> None:
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "a", **PLAN)
    await client.close()
    again = await spawn()
    await again.initialize()
    resumed = await again.request("thread/resume", {"threadId": thread})
    shown = resumed["collaborationMode"]
    assert (shown["mode"], shown["settings"]["reasoning_effort"]) == ("plan", "low")
    provider.script(stream(message("<proposed_plan>\nx\n</proposed_plan>")))
    assert [plan["text"] for plan in items(await again.run_turn(thread, "b"), "plan")] == ["x\n"]


@pytest.mark.parametrize(
    ("value", "text"),
    [({"mode": "pair", "settings": {"model": "m"}}, "unknown variant"), ({"mode": "plan"}, "settings")],
)
async def test_modes_that_are_none(client: Client, value: Message, text: str) -> None:
    thread = await open_thread(client)
    code, said = await refusal(
        client, "turn/start", {"threadId": thread, "input": text_input("x"), "collaborationMode": value}
    )
    assert code == INVALID and text in said


async def test_the_modes_are_listed(client: Client) -> None:
    found = (await client.request("collaborationMode/list", {}))["data"]
    assert [(each["name"], each["mode"], each["reasoning_effort"]) for each in found] == [
        ("Plan", "plan", "medium"),
        ("Default", "default", None),
    ]
