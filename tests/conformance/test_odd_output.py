"""Answers that are no proper answers, and requests that the provider refuses for something it can do without."""

from __future__ import annotations

from typing import Any

from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread, outputs
from tests.support.client import Client, agent_texts
from tests.support.fake_items import Item, added, done, event, function_call, message, reasoning
from tests.support.fake_provider import End, FakeProvider, Reply, Request, answer, stream
from tests.support.flow import ANSWERED, COMPLETED, FAILED, STARTED, flow, items, of, turn_of

THOUGHT = ("item/started reasoning", "item/completed reasoning")
USAGE = "thread/tokenUsage/updated"
UNREADABLE = "The encrypted content gAAA...C90= could not be verified."


def early(*parts: Item, reason: str = "max_output_tokens", **more: Any) -> Reply:
    return stream(*parts, status="incomplete", incomplete_details={"reason": reason}, **more)


def refusal(text: str, code: str | None = None, param: str | None = None) -> Reply:
    error = {"message": text, "type": "invalid_request_error", "code": code, "param": param}
    return answer(400, {"error": error})


def said(request: Request) -> list[str]:
    """What a request holds of the conversation: texts, and the types of everything else."""
    lines = []
    for item in request.json["input"]:
        texts = [part.get("text", "") for part in item.get("content") or []] if item["type"] == "message" else []
        lines.append("".join(texts) or item["type"])
    return lines[3:]  # behind instructions, permissions and environment


# -- reasoning without an answer


async def test_only_reasoning_is_asked_for_once_more(client: Client, provider: FakeProvider) -> None:
    """Row 4-54."""
    provider.script(stream(reasoning()), stream(message("ok")))
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, *THOUGHT, USAGE, *ANSWERED, *COMPLETED]
    assert provider.requests[0].body == provider.requests[1].body


async def test_only_reasoning_twice_fails_the_turn(client: Client, provider: FakeProvider) -> None:
    """Row 4-54."""
    provider.script(stream(reasoning()), stream(reasoning()))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, *THOUGHT, USAGE, *THOUGHT, USAGE, *FAILED]
    error = turn_of(messages)["error"]
    assert (error["codexErrorInfo"], error["message"]) == ("other", "The model ended its response without an answer.")
    assert flow(await client.run_turn(thread, "again")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert said(provider.requests[2]) == ["hi", "again"]


async def test_an_empty_answer(client: Client, provider: FakeProvider) -> None:
    """The reference's empty_reply: the turn is completed."""
    provider.script(stream())
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, USAGE, *COMPLETED]
    assert len(provider.requests) == 1


async def test_an_answer_that_is_only_in_the_terminal_event(client: Client, provider: FakeProvider) -> None:
    """Rows 0-42, 4-25 and section 7, test 2."""
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "late"}]}
    provider.script(stream(output=[item]), stream(message("early"), output=[]))
    thread = await open_thread(client)
    assert agent_texts(await client.run_turn(thread, "hi")) == ["late"]
    assert agent_texts(await client.run_turn(thread, "hi")) == ["early"]


async def test_a_stream_that_breaks_behind_reasoning(client: Client, provider: FakeProvider) -> None:
    """Rows 0-44, 4-54: no request ends in reasoning, which providers refuse."""
    provider.script(stream(reasoning(), status="", end=End.CUT), stream(reasoning(), message("ok")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, *THOUGHT, "error willRetry", *THOUGHT, *ANSWERED, *COMPLETED]
    assert said(provider.requests[1]) == ["hi"]
    await client.run_turn(thread, "next")
    assert said(provider.requests[2]) == ["hi", "reasoning", "ok", "next"]


async def test_a_provider_that_is_not_through(client: Client, provider: FakeProvider) -> None:
    """A response whose end_turn is false is followed by another request."""
    provider.script(stream(message("first"), end_turn=False), stream(message("second"), end_turn=True))
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, *ANSWERED, *ANSWERED, *COMPLETED]
    assert said(provider.requests[1]) == ["hi", "first"]


# -- responses that end early


async def test_text_at_the_output_limit_is_continued(client: Client, provider: FakeProvider) -> None:
    """Row 3-30; docs/compatibility.md, "The output limit"."""
    provider.script(early(message("part one ")), stream(message("part two")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, *ANSWERED, "warning", *ANSWERED, *COMPLETED]
    assert agent_texts(messages) == ["part one ", "part two"]
    assert "output limit" in of(messages, "warning")[0]["message"]
    hi, one, note = said(provider.requests[1])
    assert (hi, one) == ("hi", "part one ")
    assert "Continue it" in note

    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    shown = [item["type"] for item in read["thread"]["turns"][0]["items"]]
    assert shown == ["userMessage", "agentMessage", "agentMessage"]


async def test_the_output_limit_for_the_fourth_time(client: Client, provider: FakeProvider) -> None:
    """Row 3-30: at most three continuations."""
    provider.script(*[early(message(f"part {number}")) for number in range(4)])
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, *[*ANSWERED, "warning"] * 3, *ANSWERED, *FAILED]
    error = turn_of(messages)["error"]
    assert error["message"] == "The model ended its response early, reason: max_output_tokens"
    assert error["codexErrorInfo"] == "other"
    assert not provider.replies


async def test_calls_lost_at_the_output_limit(client: Client, provider: FakeProvider) -> None:
    """Row 1-22."""
    begun = {"type": "function_call", "id": "fc_lost", "call_id": "lost", "name": "apply_patch", "arguments": ""}
    lost = event({"type": "response.output_item.added", "output_index": 1, "item": begun})
    provider.script(early(function_call("nope", call_id="a"), lost), stream(message("ok")))
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, USAGE, "warning", *ANSWERED, *COMPLETED]
    assert outputs(provider.requests[1]) == [("a", "unsupported call: nope")]
    assert "`apply_patch`" in said(provider.requests[1])[-1]


async def test_a_content_filter(client: Client, provider: FakeProvider) -> None:
    """Section 6: terminal states are typed."""
    provider.script(early(message("How to"), reason="content_filter"))
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, *ANSWERED, *FAILED]
    error = turn_of(messages)["error"]
    assert "content filter" in error["message"]
    assert error["codexErrorInfo"] == "other"


async def test_a_refusal(client: Client, provider: FakeProvider) -> None:
    """A refusal is what the model says, and is said to it again."""
    ids = {"output_index": 0, "item_id": "msg_no", "content_index": 0}
    item = {"type": "message", "id": "msg_no", "role": "assistant"}
    refused = {"type": "refusal", "refusal": "I will not."}
    provider.script(
        stream(
            event({"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}}),
            event({"type": "response.refusal.delta", **ids, "delta": "I will not."}),
            event({"type": "response.output_item.done", "output_index": 0, "item": {**item, "content": [refused]}}),
        )
    )
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, *ANSWERED, *COMPLETED]
    assert items(messages, "agentMessage")[0]["text"] == "I will not."
    await client.run_turn(thread, "please")
    assert provider.requests[1].json["input"][-2]["content"] == [refused]


# -- requests that can be healed


async def test_an_effort_that_the_model_does_not_take(launch: Launch, provider: FakeProvider) -> None:
    """Row 1-05: once per call, remembered."""
    client = await launch(model_reasoning_effort="xhigh")
    text = "Unsupported value: 'xhigh' is not supported with this model. Supported values are: 'low' and 'medium'."
    provider.script(refusal(text, "unsupported_value", "reasoning.effort"))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, "warning", *ANSWERED, *COMPLETED]
    assert "`medium`" in of(messages, "warning")[0]["message"]
    await client.run_turn(thread, "again")
    efforts = [request.json["reasoning"]["effort"] for request in provider.requests]
    assert efforts == ["xhigh", "medium", "medium"]


async def test_a_model_without_reasoning(launch: Launch, provider: FakeProvider) -> None:
    """Row 1-05: strip where nothing else is left; a second refusal fails the turn."""
    client = await launch(model_reasoning_effort="high")
    text = "Unsupported parameter: 'reasoning.effort' is not supported with this model."
    provider.script(*[refusal(text, "unsupported_parameter", "reasoning.effort")] * 2)
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, "warning", *FAILED]
    assert "reasoning" not in provider.requests[1].json


async def test_reasoning_that_the_provider_cannot_read_any_more(client: Client, provider: FakeProvider) -> None:
    """Row 1-06."""
    provider.script(
        stream(reasoning(), message("one")),
        refusal(UNREADABLE, "invalid_encrypted_content"),
        stream(message("two")),
    )
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    messages = await client.run_turn(thread, "again")
    assert flow(messages) == [*STARTED, "warning", *ANSWERED, *COMPLETED]
    assert said(provider.requests[1]) == ["hi", "reasoning", "one", "again"]
    assert said(provider.requests[2]) == ["hi", "one", "again"]
    await client.run_turn(thread, "more")
    assert said(provider.requests[3]) == ["hi", "one", "again", "two", "more"]


async def test_nothing_to_forget(client: Client, provider: FakeProvider) -> None:
    """Row 1-06: no strip possible, no retry."""
    provider.script(refusal(UNREADABLE, "invalid_encrypted_content"))
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, *FAILED]
    assert len(provider.requests) == 1


# -- what providers do by themselves


async def test_a_search_of_the_provider_is_an_item(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    search = {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "q"}}
    provider.script(stream(event(added(0, search)), event(done(0, search)), message("found")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, "item/started webSearch", "item/completed webSearch", *ANSWERED, *COMPLETED]
    await client.close()
    client = await launch()
    page = await client.request("thread/items/list", {"threadId": thread})
    [item] = [entry["item"] for entry in page["data"] if entry["item"]["type"] == "webSearch"]
    assert (item["query"], item["action"]) == ("q", {"type": "search", "query": "q", "queries": None})
    await client.request("thread/resume", {"threadId": thread})
    await client.run_turn(thread, "and now?")
    assert said(provider.requests[-1]) == ["hi", "web_search_call", "found", "and now?"]
