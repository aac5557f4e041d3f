"""Context pressure over the wire: by hand, before a turn, within one, on overflow; and what failure leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import (
    COMMAND_APPROVAL,
    INVALID,
    NOWHERE,
    command,
    open_thread,
    outputs,
    refusal,
)
from tests.support.client import Client, Message, is_completion_of
from tests.support.fake_items import Json, message, reasoning
from tests.support.fake_provider import FakeProvider, Reply, answer, stream
from tests.support.flow import ANSWERED, COMPLETED, FAILED, INTERRUPTED, STARTED, flow, items, of

LIMIT = 20_000
OVER: Json = {"input_tokens": 30_000, "output_tokens": 100, "total_tokens": 30_100}
USER = ("item/started userMessage", "item/completed userMessage")
BEGUN = ("thread/status/changed active", "turn/started inProgress")
COMPACTED = (
    "item/started contextCompaction",
    "thread/tokenUsage/updated x2",
    "item/completed contextCompaction",
)
HALF = message("half", deltas=["ha", "lf"], hold_after=(1, "half"))


def too_long(text: str = "Too long.") -> Reply:
    return answer(400, {"error": {"message": text, "code": "context_length_exceeded", "type": "invalid_request_error"}})


def refused() -> Reply:
    return answer(400, {"error": {"message": "not like this", "type": "invalid_request_error"}})


async def compact(client: Client, thread: str) -> list[Message]:
    """All messages until the compaction's turn has ended."""
    since = client.mark()
    assert await client.request("thread/compact/start", {"threadId": thread}) == {}
    await client.wait_for("turn/completed", since=since)
    return client.received[since:]


def said(request: Any, role: str = "user") -> list[str]:
    """The texts of a role in a model request, without those that the daemon adds around the conversation."""
    texts = [
        "".join(part.get("text", "") for part in item["content"])
        for item in request.json["input"]
        if item["type"] == "message" and item["role"] == role
    ]
    return [text for text in texts if "<environment_context>" not in text]


def failure(messages: list[Message]) -> Any:
    return of(messages, "turn/completed")[-1]["turn"]["error"]["codexErrorInfo"]


# -- by hand


async def test_by_hand(client: Client, provider: FakeProvider) -> None:
    """Rows 0-26, 4-07, 4-08."""
    provider.script(stream(message("A1")), stream(message("THE SUMMARY")), stream(message("A2")))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    assert flow(await compact(client, thread)) == ["result", *BEGUN, *COMPACTED, *COMPLETED]
    assert flow(await client.run_turn(thread, "second")) == [*STARTED, *ANSWERED, *COMPLETED]
    summary, following = provider.requests[1:]
    assert "tools" not in summary.json
    assert said(summary, "assistant") == ["A1"]
    assert said(following)[0] == "first"
    assert "THE SUMMARY" in said(following)[1]
    assert said(following)[2:] == ["second"]
    assert said(following, "assistant") == []
    turns = (await client.request("thread/read", {"threadId": thread, "includeTurns": True}))["thread"]["turns"]
    assert [[item["type"] for item in turn["items"]] for turn in turns] == [
        ["userMessage", "agentMessage"],
        ["contextCompaction"],
        ["userMessage", "agentMessage"],
    ]


async def test_a_thread_without_turns(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    assert flow(await compact(client, thread)) == ["result", *BEGUN, *COMPACTED, *COMPLETED]
    assert (await refusal(client, "thread/compact/start", {"threadId": NOWHERE}))[0] == INVALID


async def test_twice_the_second_summary_holds_no_first_one(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("A1")), stream(message("ONE")), stream(message("TWO")), stream(message("A2")))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    await compact(client, thread)
    await compact(client, thread)
    await client.run_turn(thread, "second")
    texts = said(provider.requests[-1])
    assert (len(texts), texts[0], texts[2]) == (3, "first", "second")
    assert "TWO" in texts[1]


async def test_a_turn_waits_for_its_end(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF), stream(message("A1")))
    thread = await open_thread(client)
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await provider.reached("half")
    provider.release("half")
    # docs/compatibility.md: the reference answers -32603 here
    turn = await client.start_turn(thread, "next")
    await client.wait_for(is_completion_of(turn["id"]))
    assert [each["turn"]["status"] for each in of(client.received[since:], "turn/completed")] == ["completed"] * 2


async def test_interrupted_the_history_is_as_before(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("A1")), stream(HALF), stream(message("A2")))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await provider.reached("half")
    started = of(client.received[since:], "turn/started")[0]["turn"]["id"]
    await client.request("turn/interrupt", {"threadId": thread, "turnId": started})
    await client.wait_for(is_completion_of(started))
    assert flow(client.received[since:])[-3:] == ["result", *INTERRUPTED]
    await provider.requests[1].gone.wait()
    await client.run_turn(thread, "second")
    assert said(provider.requests[2]) == ["first", "second"]
    assert said(provider.requests[2], "assistant") == ["A1"]


async def test_it_takes_the_place_of_a_turn_that_waits_for_approval(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(approval_policy="untrusted")
    provider.script(stream(command("touch made")), stream(message("SUMMARY")))
    thread = await open_thread(client)
    client.on_request(COMMAND_APPROVAL, lambda params: None)
    since = client.mark()
    await client.start_turn(thread, "first")
    await client.wait_for(COMMAND_APPROVAL, since=since)
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await client.wait_for("item/completed", since=since)
    await client.wait_for(lambda m: is_turn_end(m, "completed"), since=since)
    ends = [each["turn"]["status"] for each in of(client.received[since:], "turn/completed")]
    assert ends == ["interrupted", "completed"]
    calls = [item for item in provider.requests[1].json["input"] if item["type"] == "function_call"]
    assert [call["call_id"] for call in calls] == [call_id for call_id, _ in outputs(provider.requests[1])]


def is_turn_end(message: Message, status: str) -> bool:
    return message.get("method") == "turn/completed" and message["params"]["turn"]["status"] == status


# -- by itself


async def test_before_a_turn(launch: Launch, provider: FakeProvider) -> None:
    """Row 4-03."""
    client = await launch(model_auto_compact_token_limit=LIMIT)
    provider.script(stream(message("A1"), usage=OVER), stream(message("SUMMARY"), usage=OVER), stream(message("A2")))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    assert flow(await client.run_turn(thread, "second")) == [
        "result",
        *BEGUN,
        *COMPACTED,
        *USER,
        *ANSWERED,
        *COMPLETED,
    ]
    assert said(provider.requests[1])[:1] == ["first"]
    assert "second" not in said(provider.requests[1])
    assert flow(await client.run_turn(thread, "third")) == [*STARTED, *ANSWERED, *COMPLETED]


async def test_within_a_turn(launch: Launch, provider: FakeProvider) -> None:
    """Row 4-04."""
    client = await launch(model_auto_compact_token_limit=LIMIT)
    provider.script(stream(command("echo hi"), usage=OVER), stream(message("SUMMARY")), stream(message("A2")))
    thread = await open_thread(client)
    happened = [label for label in flow(await client.run_turn(thread, "first")) if "outputDelta" not in label]
    assert happened == [
        *STARTED,
        "item/started commandExecution inProgress",
        "item/completed commandExecution completed",
        "thread/tokenUsage/updated",
        *COMPACTED,
        *ANSWERED,
        *COMPLETED,
    ]
    assert len(outputs(provider.requests[1])) == 1
    assert outputs(provider.requests[2]) == []
    assert said(provider.requests[2])[0] == "first"


@pytest.mark.parametrize(
    "text",
    [
        "Your input exceeds the context window of this model.",
        "This model's maximum context length is 8,192 tokens, however you requested 9,000 tokens (8,000 in the "
        "messages, 1,000 in the completion).",
    ],
)
async def test_an_overflow_is_relieved_once(client: Client, provider: FakeProvider, text: str) -> None:
    """Row 4-06."""
    provider.script(too_long(text), stream(message("SUMMARY")), stream(message("A1")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "first")
    assert flow(messages) == [
        *STARTED,
        "thread/tokenUsage/updated",
        *COMPACTED,
        *ANSWERED,
        *COMPLETED,
    ]
    assert items(messages, "agentMessage")[0]["text"] == "A1"
    full = of(messages, "thread/tokenUsage/updated")[0]["tokenUsage"]["last"]["totalTokens"]
    assert full == (9000 if "9,000" in text else 258_400)


async def test_a_second_overflow_fails_the_turn(client: Client, provider: FakeProvider) -> None:
    provider.script(too_long(), stream(message("SUMMARY")), too_long())
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "first")
    assert flow(messages)[-4:] == [*FAILED]
    assert failure(messages) == "contextWindowExceeded"
    assert len(provider.requests) == 3


async def test_a_summary_that_is_too_long_goes_without_the_oldest_call(client: Client, provider: FakeProvider) -> None:
    provider.script(
        stream(command("echo one", "call_1")),
        stream(command("echo two", "call_2")),
        too_long(),
        too_long(),
        stream(message("SUMMARY")),
        stream(message("done")),
    )
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "first")
    assert flow(messages)[-3:] == [*COMPLETED]
    asked = [[call_id for call_id, _ in outputs(request)] for request in provider.requests]
    assert asked == [[], ["call_1"], ["call_1", "call_2"], ["call_1", "call_2"], ["call_2"], []]
    calls = [item["call_id"] for item in provider.requests[4].json["input"] if item["type"] == "function_call"]
    assert calls == ["call_2"]


# -- failure


@pytest.mark.parametrize(
    "summary", [stream(), stream(reasoning("thoughts")), refused(), stream(status="failed", error={"code": "x"})]
)
async def test_without_a_summary_the_turn_fails_and_the_thread_goes_on(
    launch: Launch, provider: FakeProvider, summary: Reply
) -> None:
    """Row 1-44."""
    config = {"model_auto_compact_token_limit": LIMIT, "provider": {"stream_max_retries": 0}}
    client = await launch(**config)
    provider.script(stream(message("A1"), usage=OVER), summary)
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    messages = await client.run_turn(thread, "second")
    assert flow(messages)[-4:] == [*FAILED]
    assert failure(messages) == "contextWindowExceeded"
    assert items(messages, "contextCompaction") == []
    await client.kill()

    other = await launch(**config)
    resumed = await other.request("thread/resume", {"threadId": thread})
    assert [turn["status"] for turn in resumed["thread"]["turns"]] == ["completed", "failed"]
    provider.script(stream(message("SUMMARY")), stream(message("A3")))
    assert flow(await other.run_turn(thread, "third"))[-3:] == [*COMPLETED]
    assert said(provider.requests[-2], "assistant") == ["A1"]
    assert said(provider.requests[-1])[:2] == ["first", "second"]


async def test_three_failures_end_the_attempts(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(model_auto_compact_token_limit=LIMIT)
    provider.script(
        stream(message("A1"), usage=OVER), refused(), refused(), refused(), stream(message("A5"), usage=OVER)
    )
    thread = await open_thread(client)
    ends = [of(await client.run_turn(thread, "go"), "turn/completed")[-1]["turn"]["status"] for _ in range(5)]
    assert ends == ["completed", "failed", "failed", "failed", "completed"]
    assert len(provider.requests) == 5
    assert len(of(client.received, "warning")) == 1
    provider.script(stream(message("SUMMARY")), stream(message("A6")))
    assert flow(await compact(client, thread))[-3:] == [*COMPLETED]


# -- afterwards


async def test_a_summary_goes_without_what_the_provider_cannot_read(client: Client, provider: FakeProvider) -> None:
    """1-06: encrypted reasoning that has gone stale must not keep a thread from getting smaller."""
    stale = {"message": "The encrypted content could not be verified.", "code": "invalid_encrypted_content"}
    provider.script(
        stream(reasoning(), message("A1")),
        answer(400, {"error": {**stale, "type": "invalid_request_error"}}),
        stream(message("THE SUMMARY")),
    )
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    assert flow(await compact(client, thread))[-3:] == [*COMPLETED]
    kinds = [[item["type"] for item in request.json["input"]] for request in provider.requests[1:3]]
    assert ["reasoning" in kind for kind in kinds] == [True, False]
    assert len(client.notifications("warning")) == 1


@pytest.mark.parametrize("method", ["thread/resume", "thread/fork"])
async def test_resumed_with_a_smaller_model_the_larger_one_summarises(
    launch: Launch, provider: FakeProvider, method: str
) -> None:
    """4-02: the smaller model might not hold what it is to summarise."""
    client = await launch()
    thread = await open_thread(client)
    provider.script(stream(message("A1"), usage={"input_tokens": 150_000, "output_tokens": 1, "total_tokens": 150_001}))
    await client.run_turn(thread, "first")
    await client.close()
    client = await launch()
    provider.script(stream(message("THE SUMMARY")), stream(message("A2")))
    resumed = await client.request(method, {"threadId": thread, "model": "gpt-4o"})
    await client.run_turn(resumed["thread"]["id"], "second")
    assert [request.json["model"] for request in provider.requests] == ["gpt-5.5", "gpt-5.5", "gpt-4o"]


async def test_killed_right_after_it_the_thread_resumes_with_the_summary(
    launch: Launch, provider: FakeProvider
) -> None:
    client = await launch()
    provider.script(stream(message("A1")), stream(message("SUMMARY")), stream(message("A2")))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await client.wait_for("item/completed", since=since)
    await client.kill()

    other = await launch()
    resumed = await other.request("thread/resume", {"threadId": thread})
    assert [[item["type"] for item in turn["items"]] for turn in resumed["thread"]["turns"]] == [
        ["userMessage", "agentMessage"],
        ["contextCompaction"],
    ]
    assert flow(await other.run_turn(thread, "second")) == [*STARTED, *ANSWERED, *COMPLETED]
    texts = said(provider.requests[-1])
    assert (texts[0], texts[-1], len(texts)) == ("first", "second", 3)
    assert "SUMMARY" in texts[1]
