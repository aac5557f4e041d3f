"""thread/goal/*: what a thread works towards, turn after turn, until its model says that it is done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, open_thread, outputs, refusal
from tests.support.client import Client, Message
from tests.support.fake_items import Item, function_call, message
from tests.support.fake_provider import FakeProvider, answer, stream
from tests.support.flow import flow
from tests.support.home import Home

HALF = message("one two", deltas=["one ", "two"], hold_after=(1, "half"))
INVALID_PROMPT = answer(400, {"error": {"code": "invalid_prompt", "message": "no"}})


def end(status: str, call_id: str = "c1") -> Item:
    return function_call("update_goal", {"status": status}, call_id=call_id)


async def set_goal(client: Client, thread: str, **params: Any) -> Message:
    return dict((await client.request("thread/goal/set", {"threadId": thread, **params}))["goal"])


async def goal_of(client: Client, thread: str) -> Message:
    return dict((await client.request("thread/goal/get", {"threadId": thread}))["goal"] or {})


async def becomes(client: Client, status: str, since: int = 0) -> Message:
    """The params of the notification that tells of it."""

    def tells(found: Message) -> bool:
        return found.get("method") == "thread/goal/updated" and found["params"]["goal"]["status"] == status

    return dict((await client.wait_for(tells, since=since))["params"])


def ends_of_turns(client: Client, since: int = 0) -> list[str]:
    return [notice["turn"]["status"] for notice in client.notifications("turn/completed", since)]


async def idle_after(client: Client, turns: int, since: int) -> None:
    """So many turns have ended, and nothing runs."""

    def last(_: Message) -> bool:
        return len(ends_of_turns(client, since)) == turns

    await client.wait_for(last, since=since)


def told(request: Any) -> str:
    """The last words of the user's role in a request."""
    said = [item for item in request.json["input"] if item.get("role") == "user"]
    return str(said[-1]["content"][0]["text"])


async def test_turn_after_turn_until_it_is_complete(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("working")), stream(end("complete")), stream(message("done")))
    thread = await open_thread(client)
    since = client.mark()
    goal = await set_goal(client, thread, objective=" Count to ten ")
    assert (goal["objective"], goal["status"], goal["tokensUsed"]) == ("Count to ten", "active", 0)
    await idle_after(client, 2, since)
    assert flow(client.received[since:])[:6] == [
        "result",
        "thread/goal/updated",
        "thread/status/changed active",
        "turn/started inProgress",
        "item/started agentMessage",
        "item/agentMessage/delta",
    ]
    first, second = provider.requests[0], provider.requests[1]
    assert "<objective>\nCount to ten\n</objective>" in told(first)
    assert "110 tokens" in told(second)
    goal = await goal_of(client, thread)
    assert (goal["status"], goal["tokensUsed"]) == ("complete", 220)  # two responses; the last was not for the goal
    assert len(provider.requests) == 3
    assert client.notifications("thread/readState/changed", since)[0]["readState"]["firstUnread"] is not None
    assert len(client.notifications("thread/readState/changed", since)) == 1  # when nothing follows
    page = await client.request("thread/list", {})
    assert [each["preview"] for each in page["data"]] == ["Count to ten"]


async def test_an_interrupt_leaves_it_to_the_next_turn(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF), stream(message("answer")), stream(end("paused")), stream(message("pausing")))
    thread = await open_thread(client)
    since = client.mark()
    await set_goal(client, thread, objective="x")
    await provider.reached("half")
    turn = client.notifications("turn/started", since)[0]["turn"]["id"]
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    assert (await goal_of(client, thread))["status"] == "active"
    assert len(provider.requests) == 1
    await client.run_turn(thread, "a question")
    await idle_after(client, 3, since)
    assert ends_of_turns(client, since) == ["interrupted", "completed", "completed"]
    assert told(provider.requests[1]) == "a question"
    assert (await goal_of(client, thread))["status"] == "paused"


async def test_a_failure_blocks_it(client: Client, provider: FakeProvider) -> None:
    provider.script(INVALID_PROMPT)
    thread = await open_thread(client)
    since = client.mark()
    await set_goal(client, thread, objective="x")
    await idle_after(client, 1, since)
    assert ends_of_turns(client, since) == ["failed"]
    assert (await goal_of(client, thread))["status"] == "blocked"
    assert len(provider.requests) == 1


async def test_its_token_budget_ends_the_work(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    since = client.mark()
    await set_goal(client, thread, objective="x", tokenBudget=200)
    await becomes(client, "budgetLimited", since)
    await idle_after(client, 2, since)
    assert len(provider.requests) == 2
    goal = await set_goal(client, thread, status="active")
    assert (goal["status"], goal["tokensUsed"]) == ("budgetLimited", 220)
    provider.script(stream(end("complete")), stream(message("done")))
    since = client.mark()
    assert (await set_goal(client, thread, status="active", tokenBudget=None))["status"] == "active"
    await becomes(client, "complete", since)


async def test_a_new_objective_reaches_the_turn_that_runs(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF), stream(end("complete")), stream(message("done")))
    thread = await open_thread(client)
    since = client.mark()
    await set_goal(client, thread, objective="old")
    await provider.reached("half")
    await set_goal(client, thread, objective="new")
    provider.release("half")
    await idle_after(client, 1, since)
    assert "<objective>\nnew\n</objective>" in told(provider.requests[1])


async def test_cleared_while_a_turn_runs(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF))
    thread = await open_thread(client)
    since = client.mark()
    await set_goal(client, thread, objective="x")
    await provider.reached("half")
    assert await client.request("thread/goal/clear", {"threadId": thread}) == {"cleared": True}
    assert await client.request("thread/goal/clear", {"threadId": thread}) == {"cleared": False}
    provider.release("half")
    await idle_after(client, 1, since)
    assert client.notifications("thread/goal/cleared", since) == [{"threadId": thread}]
    assert await goal_of(client, thread) == {}
    assert len(provider.requests) == 1


async def test_the_model_makes_one(client: Client, provider: FakeProvider) -> None:
    provider.script(
        stream(function_call("create_goal", {"objective": "from the model", "token_budget": 1000}, call_id="a")),
        stream(function_call("create_goal", {"objective": "another"}, call_id="b")),
        stream(function_call("get_goal", {}, call_id="c")),
        stream(end("complete", "d")),
        stream(message("done")),
    )
    thread = await open_thread(client)
    await client.run_turn(thread, "make it a goal")
    results = dict(outputs(provider.requests[-1]))
    assert "unfinished goal" in results["b"]
    assert '"remainingTokens":890' in results["c"]  # the response that made it is not counted
    assert (await goal_of(client, thread))["status"] == "complete"


@pytest.mark.parametrize("index", ["kept", "lost"])
async def test_it_goes_on_in_another_daemon(launch: Launch, provider: FakeProvider, home: Home, index: str) -> None:
    client = await launch()
    provider.script(stream(message("one")), stream(HALF))
    thread = await open_thread(client)
    since = client.mark()
    await set_goal(client, thread, objective="to the end")
    await provider.reached("half")
    await client.kill()
    if index == "lost":
        for file in home.path.glob("spindled.sqlite*"):
            file.unlink()
    provider.script(stream(end("complete")), stream(message("done")))
    client = await launch()
    assert (await goal_of(client, thread))["tokensUsed"] == 110
    page = await client.request("thread/list", {})
    assert [each["preview"] for each in page["data"]] == ["to the end"]
    since = client.mark()
    await client.request("thread/resume", {"threadId": thread})
    await becomes(client, "complete", since)
    assert client.notifications("thread/goal/updated", since)[0]["turnId"] is None
    await idle_after(client, 1, since)


async def test_of_a_thread_that_is_not_loaded(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    await client.close()
    client = await launch()
    await set_goal(client, thread, objective="x", status="paused")
    assert (await becomes(client, "paused"))["threadId"] == thread
    since = client.mark()
    await client.request("thread/resume", {"threadId": thread})
    await client.wait_for("thread/goal/updated", since=since)
    assert len(provider.requests) == 1


async def test_what_is_refused(client: Client) -> None:
    thread = await open_thread(client)
    ephemeral = (await client.start_thread(ephemeral=True))["id"]
    for params, text in (
        ({"threadId": thread, "status": "active"}, f"cannot update goal for thread {thread}: no goal exists"),
        ({"threadId": thread, "objective": " "}, "goal objective must not be empty"),
        ({"threadId": thread, "objective": "x", "tokenBudget": -1}, "goal budgets must be positive when provided"),
        ({"threadId": NOWHERE, "objective": "x"}, f"thread not found: {NOWHERE}"),
        ({"threadId": ephemeral, "objective": "x"}, f"ephemeral thread does not support goals: {ephemeral}"),
    ):
        assert await refusal(client, "thread/goal/set", params) == (INVALID, text)
    await client.run_turn(thread, "hi")
    await client.request("thread/archive", {"threadId": thread})
    assert await refusal(client, "thread/goal/get", {"threadId": thread}) == (INVALID, f"thread not found: {thread}")
