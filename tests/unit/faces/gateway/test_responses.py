"""Rows 4-50 to 4-57 and 0-42 x 4-50: any provider through the gateway, as our own Responses client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from spindled.config.schema import Provider
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Completed, Incomplete, ItemDone, ModelEvent, ReasoningDelta, SummaryDelta, TextDelta
from spindled.model.request import ModelRequest
from spindled.model.responses import ResponsesClient
from spindled.model.retry import Backoff
from tests.support.fake_chat import chat_stream
from tests.support.fake_items import Hold, function_call, message, reasoning
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import End, FakeProvider, Reply, answer, stream
from tests.support.spoken import Call, Say, Spoken, Think
from tests.unit.faces.gateway.conftest import Start

PATCH = "*** Begin Patch\n*** Add File: ä.txt\n+1\n*** End Patch"
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": "shell", "parameters": {"type": "object"}},
    {"type": "custom", "name": "apply_patch", "description": "Patches."},
]
USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
SPOKEN = (
    Think("two", deltas=2),
    Say("Looking.", deltas=3),
    Call("shell", '{"cmd":"ls"}', "call_1", deltas=3),
    Call("apply_patch", PATCH, "call_2", custom=True, deltas=3),
)

Ours = Callable[[str], ResponsesClient]


@pytest_asyncio.fixture
async def ours() -> AsyncIterator[Ours]:
    made: list[ResponsesClient] = []

    def make(base_url: str) -> ResponsesClient:
        provider = Provider(id="gateway", name="gateway", base_url=base_url, request_max_retries=0)
        made.append(ResponsesClient(provider, environ={}, backoff=Backoff(base=0.0)))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


def request(*more: dict[str, Any], **fields: Any) -> ModelRequest:
    return ModelRequest(model="m", input=[USER, *more], tools=TOOLS, **fields)


async def collect(client: ResponsesClient, asked: ModelRequest | None = None) -> list[ModelEvent]:
    return [event async for batch in client.stream(asked or request()) for event in batch]


async def failure(client: ResponsesClient, asked: ModelRequest | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await collect(client, asked)
    return caught.value


def items(events: list[ModelEvent]) -> list[dict[str, Any]]:
    return [event.item for event in events if isinstance(event, ItemDone)]


def reply(api: str, *parts: Spoken, **shape: Any) -> Reply:
    if api == "chat":
        return chat_stream(*parts, finish="tool_calls" if isinstance(parts[-1], Call) else "stop", **shape)
    return messages_stream(*parts, stop="tool_use" if isinstance(parts[-1], Call) else "end_turn", **shape)


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_thoughts_text_and_parallel_calls_of_both_kinds(
    fake: FakeProvider, start: Start, ours: Ours, api: str
) -> None:
    """Rows 4-53, 4-56, 4-57: also reasoning comes as deltas."""
    fake.script(reply(api, *SPOKEN))
    events = await collect(ours(await start(api)))
    assert "".join(e.delta for e in events if isinstance(e, TextDelta)) == "Looking."
    assert "".join(e.delta for e in events if isinstance(e, ReasoningDelta | SummaryDelta)) == "two"
    done = items(events)
    assert [item["type"] for item in done] == ["reasoning", "message", "function_call", "custom_tool_call"]
    assert (done[2]["arguments"], done[3]["input"]) == ('{"cmd":"ls"}', PATCH)
    end = events[-1]
    assert isinstance(end, Completed)
    assert end.usage is not None
    assert end.usage.total_tokens == 110


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_history_goes_back_in_the_form_of_the_provider(
    fake: FakeProvider, start: Start, ours: Ours, api: str
) -> None:
    """Rows 4-53, 4-57: what our client keeps of a response comes back to the provider it is from."""
    fake.script(reply(api, *SPOKEN))
    client = ours(await start(api))
    done = items(await collect(client, request(effort="low")))
    outputs = [
        {"type": "function_call_output", "call_id": "call_1", "output": "a"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "b"},
    ]
    fake.script(reply(api, Say("Done.")))
    await collect(client, request(*done, *outputs, effort="low"))
    sent = fake.requests[-1].json["messages"]
    said = next(message for message in sent if message["role"] == "assistant")
    if api == "chat":
        assert said["reasoning_content"] == "two"
        assert [json.loads(call["function"]["arguments"]) for call in said["tool_calls"]] == [
            {"cmd": "ls"},
            {"input": PATCH},
        ]
        assert [message["content"] for message in sent if message["role"] == "tool"] == ["a", "b"]
    else:
        assert [block["type"] for block in said["content"]] == ["thinking", "text", "tool_use", "tool_use"]
        assert (said["content"][0]["thinking"], said["content"][0]["signature"]) == ("two", "signed")
        assert said["content"][3]["input"] == {"input": PATCH}


async def test_a_responses_provider(fake: FakeProvider, start: Start, ours: Ours) -> None:
    """What only that provider can read passes untouched, both ways."""
    call = function_call("shell", '{"cmd":"ls"}', call_id="c1")
    fake.script(stream(reasoning(["s1", "s2"], encrypted="theirs"), message("hello", deltas=2), call))
    client = ours(await start("responses"))
    done = items(await collect(client))
    assert [item["type"] for item in done] == ["reasoning", "message", "function_call"]
    assert done[0]["encrypted_content"] == "theirs"
    await collect(client, request(*done, {"type": "function_call_output", "call_id": "c1", "output": "x"}))
    assert fake.requests[-1].json["input"][1:4] == done


async def test_a_terminal_response_without_output(fake: FakeProvider, start: Start, ours: Ours) -> None:
    """Combination 2 of the non-obvious ones (0-42 x 4-50): the gateway's own last event is whole all the same."""
    whole = stream(message("kept", deltas=2), output=[])
    events = [event for event in whole.steps("r") if b"output_item.done" not in event]
    fake.script(Reply(lambda _id: events, head=whole.head, chunked=True))
    seen = await collect(ours(await start("responses")))
    assert items(seen)[0]["content"][0]["text"] == "kept"
    assert isinstance(seen[-1], Completed)


@pytest.mark.parametrize("api", ["chat", "messages"])
@pytest.mark.parametrize("second", ["an answer", "none"])
async def test_only_thoughts(fake: FakeProvider, start: Start, ours: Ours, api: str, second: str) -> None:
    """Row 4-54: the identical request once more, then a failure; the lost thoughts are nothing to keep."""
    build = chat_stream if api == "chat" else messages_stream
    answered = second == "an answer"
    fake.script(build(Think("hmm"), Hold("thought")), build(Think("again"), *([Say("yes")] if answered else [])))
    seen: list[ModelEvent] = []
    error = None
    try:
        async for batch in ours(await start(api)).stream(request()):
            fake.release("thought")  # the lost thoughts have been told by now
            seen += batch
    except ModelError as caught:
        error = caught
    if answered:
        done = items(seen)
        assert [item.get("encrypted_content") is None for item in done] == [True, False, True]
        assert done[-1]["content"][0]["text"] == "yes"
    else:
        assert error is not None
        assert (error.code, error.retryable) == ("model_output_invalid", False)
    assert fake.requests[0].body == fake.requests[1].body
    assert len(fake.requests) == 2


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_a_response_without_anything(fake: FakeProvider, start: Start, ours: Ours, api: str) -> None:
    fake.script(*[chat_stream() if api == "chat" else messages_stream()] * 2)
    assert (await failure(ours(await start(api)))).code == "model_output_invalid"


@pytest.mark.parametrize("api", ["chat", "messages"])
@pytest.mark.parametrize("end", [End.WHOLE, End.CUT, End.RESET])
async def test_a_truncated_stream(fake: FakeProvider, start: Start, ours: Ours, api: str, end: End) -> None:
    """Row 4-55: `response.failed` after what had come; in it no traceback, and a code that is worth another try."""
    fake.script(reply(api, Say("so far", deltas=2), stop_after=5, end=end))
    client, seen = ours(await start(api)), []
    with pytest.raises(ModelError) as caught:
        async for batch in client.stream(request()):
            seen += batch
    assert any(isinstance(event, TextDelta) for event in seen)
    assert caught.value.kind is Kind.SERVER
    assert "Traceback" not in str(caught.value)


async def test_the_end_of_the_tokens(fake: FakeProvider, start: Start, ours: Ours) -> None:
    half = Call("apply_patch", '{"input": "*** Be', "call_2")
    fake.script(chat_stream(Say("so far"), Call("shell", '{"cmd":"ls"}', "call_1"), half, finish="length"))
    events = await collect(ours(await start("chat")))
    assert [item["type"] for item in items(events)] == ["message", "function_call"]
    end = events[-1]
    assert isinstance(end, Incomplete)
    assert (end.reason, end.lost_calls) == ("max_output_tokens", ["apply_patch"])


FAILURES: dict[str, tuple[int, str, Kind]] = {
    "key": (401, "invalid_api_key", Kind.UNAUTHORIZED),
    "overflow": (400, "context_length_exceeded", Kind.CONTEXT_WINDOW),
    "quota": (429, "insufficient_quota", Kind.USAGE_LIMIT),
    "rate": (429, "rate_limit_exceeded", Kind.RATE_LIMIT),
    "model": (404, "model_not_found", Kind.MODEL_NOT_FOUND),
    "busy": (503, "server_is_overloaded", Kind.OVERLOADED),
    "broken": (500, "server_error", Kind.SERVER),
    "bad": (400, "odd_value", Kind.BAD_REQUEST),
}


@pytest.mark.parametrize(("status", "code", "kind"), FAILURES.values(), ids=FAILURES.keys())
async def test_failures_keep_their_status_and_kind(
    fake: FakeProvider, start: Start, ours: Ours, status: int, code: str, kind: Kind
) -> None:
    body = {"error": {"message": "No.", "code": code, "type": "invalid_request_error"}}
    fake.script(answer(status, body, headers={"retry-after": "7"}))
    error = await failure(ours(await start("chat")))
    assert (error.kind, error.status, error.retry_after) == (kind, status, 7.0)


async def test_a_provider_that_is_not_there(start: Start, ours: Ours, unused_tcp_port: int) -> None:
    url = await start("chat", base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")
    error = await failure(ours(url))
    assert (error.kind, error.status) == (Kind.SERVER, 502)


CHOICES: list[tuple[Any, Any, Any]] = [
    ("auto", "auto", {"type": "auto"}),
    ("none", "none", {"type": "none"}),
    ("required", "required", {"type": "any"}),
    (
        {"type": "custom", "name": "apply_patch"},
        {"type": "function", "function": {"name": "apply_patch"}},
        {"type": "tool", "name": "apply_patch"},
    ),
]


@pytest.mark.parametrize(("choice", "chat", "messages"), CHOICES)
async def test_the_choice_of_a_tool(
    fake: FakeProvider, start: Start, ours: Ours, choice: Any, chat: Any, messages: Any
) -> None:
    """Row 4-57. A model that thinks cannot be forced: the choice goes before the effort."""
    for api, wanted in (("chat", chat), ("messages", messages)):
        fake.script(reply(api, Say("ok")))
        await collect(ours(await start(api)), request(tool_choice=choice, effort="high"))
        assert fake.requests[-1].json["tool_choice"] == wanted
    assert ("thinking" in fake.requests[-1].json) == (choice in ("auto", "none"))


async def test_allowed_tools(fake: FakeProvider, start: Start, ours: Ours) -> None:
    fake.script(reply("chat", Say("ok")))
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "shell"}]}
    await collect(ours(await start("chat")), request(tool_choice=allowed))
    sent = fake.requests[-1].json
    assert ([tool["function"]["name"] for tool in sent["tools"]], sent["tool_choice"]) == (["shell"], "required")


async def test_structured_output_images_and_sampling(fake: FakeProvider, start: Start, ours: Ours) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}}
    image = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"}
    shown = {"type": "message", "role": "user", "content": [image]}
    fake.script(reply("chat", Say('{"answer":42}')))
    asked = request(shown, output_schema=schema, output_strict=False, temperature=0.0, top_p=0.5, max_output_tokens=99)
    await collect(ours(await start("chat")), asked)
    sent = fake.requests[-1].json
    assert sent["response_format"]["json_schema"]["schema"] == schema
    assert sent["response_format"]["json_schema"]["strict"] is False
    assert sent["messages"][-1]["content"][-1]["image_url"]["url"] == image["image_url"]
    assert (sent["temperature"], sent["top_p"], sent["max_tokens"], sent["model"]) == (0.0, 0.5, 99, "m")
    fake.script(reply("messages", Say('{"answer":42}')))
    await collect(ours(await start("messages")), asked)
    sent = fake.requests[-1].json
    assert (sent["max_tokens"], sent["temperature"]) == (99, 0.0)
    assert sent["messages"][-1]["content"][-1]["source"]["data"] == "AAAA"


async def test_messages_get_a_max_tokens(fake: FakeProvider, start: Start, ours: Ours) -> None:
    """Row 4-51."""
    fake.script(reply("messages", Say("ok")))
    await collect(ours(await start("messages")))
    assert fake.requests[-1].json["max_tokens"] == 32_000
