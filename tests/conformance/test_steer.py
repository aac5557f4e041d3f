"""turn/steer, and turn/start while a turn runs: more input for the running turn."""

from __future__ import annotations

import pytest

from tests.conformance.steps import INVALID, NOWHERE, command, open_thread, outputs, refusal, shows, text_input
from tests.support.client import Client, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow, items
from tests.support.home import Home

HALF = message("one two three four", deltas=["one ", "two ", "three ", "four"], hold_after=(2, "half"))
USER = ("item/started userMessage", "item/completed userMessage")


async def test_steer_needs_a_turn(client: Client) -> None:
    thread = await open_thread(client)
    params = {"threadId": thread, "expectedTurnId": NOWHERE, "input": text_input("x")}
    assert await refusal(client, "turn/steer", params) == (INVALID, "no active turn to steer")


async def test_steer_needs_the_turn_and_input(client: Client, provider: FakeProvider) -> None:
    """Row 0-25."""
    provider.script(stream(HALF))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await provider.reached("half")
    wrong = {"threadId": thread, "expectedTurnId": NOWHERE, "input": text_input("x")}
    said = f"expected active turn id `{NOWHERE}` but found `{turn['id']}`"
    assert await refusal(client, "turn/steer", wrong) == (INVALID, said)
    empty = {"threadId": thread, "expectedTurnId": turn["id"], "input": []}
    assert await refusal(client, "turn/steer", empty) == (INVALID, "input must not be empty")
    provider.release("half")
    await client.wait_for(is_completion_of(turn["id"]))
    assert len(provider.requests) == 1


@pytest.mark.parametrize("method", ["turn/steer", "turn/start"])
async def test_of_a_stream(client: Client, provider: FakeProvider, method: str) -> None:
    provider.script(stream(HALF), stream(message("steered")))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "hi")
    await client.wait_for(lambda m: m.get("params", {}).get("delta") == "two ")
    more = {"threadId": thread, "input": text_input("also this"), "clientUserMessageId": "cm-1"}
    if method == "turn/steer":
        more["expectedTurnId"] = turn["id"]
    result = await client.request(method, more)
    assert result.get("turnId", result.get("turn", {}).get("id")) == turn["id"]
    await client.wait_for(is_completion_of(turn["id"]))
    # docs/compatibility.md, "Items are always completed": what the user saw of the first answer is kept.
    assert flow(client.received[since:]) == [
        *STARTED,
        "item/started agentMessage",
        "item/agentMessage/delta x2",
        "result",
        "item/completed agentMessage",
        *USER,
        *ANSWERED,
        *COMPLETED,
    ]
    assert [item["text"] for item in items(client.received[since:], "agentMessage")] == ["one two ", "steered"]
    assert [item["clientId"] for item in items(client.received[since:], "userMessage")] == [None, "cm-1"]
    said = [item["content"][0]["text"] for item in provider.requests[1].json["input"]]
    assert said[-3:] == ["hi", "one two ", "also this"]


async def test_a_command_runs_to_its_end(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(command("until [ -e go ]; do sleep 0.01; done; echo done")))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await client.wait_for(shows("commandExecution"))
    since = client.mark()
    steer = {"threadId": thread, "expectedTurnId": turn["id"], "input": text_input("also this")}
    await client.request("turn/steer", steer)
    (home.workspace / "go").touch()
    await client.wait_for(is_completion_of(turn["id"]))
    happened = [label for label in flow(client.received[since:]) if "outputDelta" not in label]
    assert happened == [
        "result",
        "item/completed commandExecution completed",
        "thread/tokenUsage/updated",
        *USER,
        *ANSWERED,
        *COMPLETED,
    ]
    assert len(outputs(provider.requests[1])) == 1
    assert provider.requests[1].json["input"][-1]["content"][0]["text"] == "also this"
