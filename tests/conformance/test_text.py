"""Turns of text and reasoning."""

from __future__ import annotations

from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread
from tests.support.client import Client, agent_texts
from tests.support.fake_items import message, reasoning
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow, items, of, turn_of

SCHEMA = {"type": "object", "properties": {"answer": {"type": "number"}}, "required": ["answer"]}


async def test_two_turns(client: Client, provider: FakeProvider) -> None:
    """Rows 0-13, 0-27."""
    provider.script(stream(message("Hello there, world.", deltas=3)), stream(message("Second.")))
    since = client.mark()
    thread = await open_thread(client)
    first = await client.run_turn(thread, "hi")
    second = await client.run_turn(thread, "again", clientUserMessageId="client-2")

    assert flow(client.received[since : since + 2]) == ["result", "thread/started"]
    assert flow(first) == [
        *STARTED,
        "item/started agentMessage",
        "item/agentMessage/delta x3",
        "item/completed agentMessage",
        "thread/tokenUsage/updated",
        *COMPLETED,
    ]
    assert flow(second) == [*STARTED, *ANSWERED, *COMPLETED]
    assert "".join(delta["delta"] for delta in of(first, "item/agentMessage/delta")) == "Hello there, world."
    assert agent_texts([*first, *second]) == ["Hello there, world.", "Second."]
    assert items(first, "userMessage")[0]["clientId"] is None
    assert items(second, "userMessage")[0]["clientId"] == "client-2"


async def test_the_model_is_told_what_was_said(client: Client, provider: FakeProvider) -> None:
    """Row 0-04."""
    provider.script(stream(message("one")), stream(message("two")))
    thread = await open_thread(client)
    for text in ("hi", "again"):
        await client.run_turn(thread, text)
    said = [(item["role"], item["content"][-1]["text"]) for item in provider.requests[1].json["input"]]
    assert [line for line in said if line[1] in ("hi", "one", "again")] == [
        ("user", "hi"),
        ("assistant", "one"),
        ("user", "again"),
    ]


async def test_what_a_turn_says_of_itself(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("ok"), usage={"input_tokens": 30, "output_tokens": 12, "total_tokens": 42}))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    started, completed = of(messages, "turn/started")[0]["turn"], turn_of(messages)
    assert (started["items"], started["itemsView"]) == ([], "notLoaded")
    assert (completed["id"], completed["error"]) == (started["id"], None)
    assert completed["completedAt"] >= completed["startedAt"] == started["startedAt"]
    usage = of(messages, "thread/tokenUsage/updated")[0]["tokenUsage"]
    assert (usage["last"]["totalTokens"], usage["total"]["totalTokens"]) == (42, 42)


async def test_reasoning_with_its_summary_and_raw_text(launch: Launch, provider: FakeProvider) -> None:
    """Row 0-46."""
    client = await launch(model_reasoning_summary="auto", show_raw_agent_reasoning=True)
    thought = reasoning(["**Look", "ing** at it"], ["Second ", "part"], content=["raw thought"])
    provider.script(stream(thought, message("Done.", phase="final_answer")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "think")
    assert flow(messages) == [
        *STARTED,
        "item/started reasoning",
        "item/reasoning/summaryPartAdded",
        "item/reasoning/summaryTextDelta x2",
        "item/reasoning/summaryPartAdded",
        "item/reasoning/summaryTextDelta x2",
        "item/reasoning/textDelta",
        "item/completed reasoning",
        *ANSWERED,
        *COMPLETED,
    ]
    shown = items(messages, "reasoning")[0]
    assert (shown["summary"], shown["content"]) == (["**Looking** at it", "Second part"], ["raw thought"])
    assert items(messages, "agentMessage")[0]["phase"] == "final_answer"


async def test_raw_reasoning_is_not_shown_unasked(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(reasoning(["a"], content=["raw"]), message("Done.")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "think")
    assert not of(messages, "item/reasoning/textDelta")
    assert items(messages, "reasoning")[0]["content"] == []


async def test_commentary_then_the_answer(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("I will look.", phase="commentary"), message("Answer.", phase="final_answer")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "more")
    assert flow(messages) == [*STARTED, *ANSWERED[:3], *ANSWERED, *COMPLETED]
    assert [item["phase"] for item in items(messages, "agentMessage")] == ["commentary", "final_answer"]


async def test_a_response_that_holds_nothing(client: Client, provider: FakeProvider) -> None:
    provider.script(stream())
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, "thread/tokenUsage/updated", *COMPLETED]


async def test_an_unknown_model_is_used_with_a_warning(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(model="my-own-model")
    since = client.mark()
    thread = await open_thread(client)
    await client.wait_for("warning", since=since)
    assert flow(client.received[since:]) == ["result", "thread/started", "warning"]
    assert "my-own-model" in client.notifications("warning")[0]["message"]
    assert flow(await client.run_turn(thread, "hi")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert [sent.json["model"] for sent in provider.requests if sent.method == "POST"] == ["my-own-model"]


async def test_an_output_schema_holds_for_its_turn(client: Client, provider: FakeProvider) -> None:
    """Row 3-32."""
    provider.script(stream(message('{"answer": 42}')), stream(message("free text")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "json please", outputSchema=SCHEMA)
    assert flow(messages) == [*STARTED, *ANSWERED, *COMPLETED]
    await client.run_turn(thread, "and now without")
    with_schema, without = (request.json.get("text", {}).get("format") for request in provider.requests)
    assert with_schema["schema"] == SCHEMA
    assert without is None
