"""review/start."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, decide, open_thread, refusal, shows, text_input
from tests.support.client import Client, Message, is_completion_of
from tests.support.fake_items import hold, message, reasoning
from tests.support.fake_provider import FakeProvider, answer, stream
from tests.support.flow import COMPLETED, flow, items, of, turn_of
from tests.support.home import Home

CHANGES = {"type": "uncommittedChanges"}
ENTERED, EXITED = "enteredReviewMode", "exitedReviewMode"
REVIEW = {"findings": [], "overall_correctness": "patch is correct", "overall_explanation": "Fine."}
TEXT = "Fine."


async def review(
    client: Client, thread: str, target: Message = CHANGES, **params: Any
) -> tuple[Message, list[Message]]:
    """The answer to review/start, and all that came until the turn was completed."""
    since = client.mark()
    result = await client.request("review/start", {"threadId": thread, "target": target, **params})
    done = await client.wait_for(is_completion_of(result["turn"]["id"]), since=since)
    return result, client.received[since : client.received.index(done, since) + 1]


def shown(kind: str) -> list[str]:
    return [f"item/started {kind}", f"item/completed {kind}"]


async def test_a_review(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("hello")), stream(message(json.dumps(REVIEW), deltas=3)))
    thread = await open_thread(client)
    await client.run_turn(thread, "a secret of ours")
    result, messages = await review(client, thread, delivery="inline")
    asked = result["turn"]["items"][0]
    assert (result["reviewThreadId"], result["turn"]["status"]) == (thread, "inProgress")
    assert (asked["type"], asked["content"][0]["text"]) == ("userMessage", "current changes")
    begun = ["result", "thread/status/changed active", "turn/started inProgress"]
    ended = [*shown(ENTERED), *shown("userMessage"), *shown(EXITED), *shown("agentMessage")]
    assert flow(messages) == [*begun, *ended, *COMPLETED]
    assert [item["review"] for item in (*items(messages, ENTERED), *items(messages, EXITED))] == [
        "current changes",
        TEXT,
    ]
    assert [item["text"] for item in turn_of(messages)["items"]] == [TEXT]
    sent = provider.requests[1]
    assert "a secret of ours" not in sent.body.decode()  # the reviewer starts without the conversation
    assert "You review a change" in sent.json["input"][0]["content"][0]["text"]


async def test_the_thread_goes_on_with_what_was_found(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message(json.dumps(REVIEW))))
    thread = await open_thread(client)
    await review(client, thread)
    await client.run_turn(thread, "and now?")
    texts = [part["text"] for item in provider.requests[1].json["input"] for part in item["content"]]
    assert TEXT in texts and any("reviewed" in text and TEXT in text for text in texts)
    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    first = read["thread"]["turns"][0]
    assert [item["type"] for item in first["items"]] == [ENTERED, "userMessage", EXITED, "agentMessage"]


async def test_the_reviewer_is_a_thread_of_its_own(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("hello")), stream(message("looks good")))
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    await review(client, thread, {"type": "custom", "instructions": "look well"})
    assert [each["id"] for each in (await client.request("thread/list", {}))["data"]] == [thread]
    [reviewer] = (await client.request("thread/list", {"sourceKinds": ["subAgentReview"]}))["data"]
    assert (reviewer["parentThreadId"], reviewer["preview"]) == (thread, "look well")
    assert reviewer["source"] == {"subAgent": "review"}


async def test_the_reviewer_works_as_the_thread_does(launch: Launch, provider: FakeProvider, home: Home) -> None:
    client = await launch(approval_policy="untrusted")
    asked = decide(client, "accept")
    provider.script(stream(command("touch seen", "c1")), stream(message(json.dumps(REVIEW))))
    thread = await open_thread(client)
    result, messages = await review(client, thread)
    [run] = items(messages, "commandExecution")
    assert (run["status"], (home.workspace / "seen").exists()) == ("completed", True)
    assert [(each["threadId"], each["turnId"]) for each in asked] == [(thread, result["turn"]["id"])]
    assert "thread/status/changed active waitingOnApproval" in flow(messages)
    turns = {params["turnId"] for params in of(messages, "item/completed")}
    assert turns == {result["turn"]["id"]}


async def test_review_model(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(review_model="gpt-5.4")
    thread = await open_thread(client)
    await review(client, thread)
    await client.run_turn(thread, "on")
    assert [request.json["model"] for request in provider.requests] == ["gpt-5.4", "gpt-5.5"]


async def test_an_interrupt_ends_the_review(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(reasoning(["Hm"]), hold("h")))
    thread = await open_thread(client)
    since = client.mark()
    result = await client.request("review/start", {"threadId": thread, "target": CHANGES})
    turn = result["turn"]["id"]
    await client.wait_for(shows("reasoning"))
    code, text = await refusal(
        client, "turn/steer", {"threadId": thread, "expectedTurnId": turn, "input": text_input("x")}
    )
    assert (code, text) == (INVALID, "cannot steer a review turn")
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    done = await client.wait_for(is_completion_of(turn), since=since)
    assert done["params"]["turn"]["status"] == "interrupted"
    assert len(items(client.received, EXITED)) == 1
    messages = await client.run_turn(thread, "on")
    assert turn_of(messages)["status"] == "completed"


async def test_a_review_that_fails_fails_the_turn(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    provider.script(answer(400, {"error": {"message": "no", "code": "invalid_prompt"}}))
    _, messages = await review(client, await open_thread(client))
    turn = turn_of(messages)
    assert turn["status"] == "failed" and turn["error"]["message"]
    assert len(of(messages, "error")) == len(items(messages, EXITED)) == 1


async def test_a_review_takes_the_place_of_what_runs(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("one two", deltas=2, hold_after=(1, "h"))), stream(message(json.dumps(REVIEW))))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "talk")
    await client.wait_for("item/agentMessage/delta")
    _, messages = await review(client, thread)
    ends = [(params["turn"]["id"], params["turn"]["status"]) for params in of(messages, "turn/completed")]
    assert ends[0] == (turn["id"], "interrupted")
    assert ends[1][1] == "completed"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"type": "custom", "instructions": "  "}, "instructions must not be empty"),
        ({"type": "baseBranch", "branch": ""}, "branch must not be empty"),
        ({"type": "commit", "sha": " "}, "sha must not be empty"),
    ],
)
async def test_targets_that_are_empty(client: Client, target: Message, text: str) -> None:
    params = {"threadId": await open_thread(client), "target": target}
    assert await refusal(client, "review/start", params) == (INVALID, text)


async def test_what_is_refused(client: Client) -> None:
    thread = await open_thread(client)
    detached = {"threadId": thread, "target": CHANGES, "delivery": "detached"}
    code, text = await refusal(client, "review/start", detached)
    assert code == INVALID and "unknown variant `detached`" in text
    assert await refusal(client, "review/start", {"threadId": NOWHERE, "target": CHANGES}) == (
        INVALID,
        f"thread not found: {NOWHERE}",
    )
