"""One conversation through every API, over real sockets: the consumer cannot tell which it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from spindled.model.client import ModelClient, make_client
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Completed, Incomplete, ItemAdded, ItemDone, ModelEvent, ReasoningDelta, TextDelta
from spindled.model.request import ModelRequest
from spindled.model.retry import Backoff
from tests.support.fake_chat import chat_stream
from tests.support.fake_items import Item, custom_tool_call, event, function_call, message, reasoning
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import End, FakeProvider, Reply, answer, raw, stream
from tests.support.spoken import Call, Say, Spoken, Think

APIS = ("responses", "chat", "messages")
PATHS = {"responses": "/v1/responses", "chat": "/v1/chat/completions", "messages": "/v1/messages"}
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
PATCH = "*** Begin Patch\n*** Add File: ä.txt\n+1\n*** End Patch"
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": "shell", "parameters": {"type": "object"}},
    {"type": "custom", "name": "apply_patch", "description": "Patches."},
]


@dataclass
class Settings:
    base_url: str | None
    wire_api: str
    id: str = "fake"
    name: str = "fake"
    env_key: str | None = None
    env_key_instructions: str | None = None
    experimental_bearer_token: str | None = None
    auth: Any = None
    http_headers: dict[str, str] = field(default_factory=dict)
    env_http_headers: dict[str, str] = field(default_factory=dict)
    query_params: dict[str, str] = field(default_factory=dict)
    request_max_retries: int = 0
    stream_idle_timeout_ms: int = 20_000
    stream_first_data_timeout_ms: int | None = None


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        yield provider


Clients = Callable[..., ModelClient]


@pytest_asyncio.fixture
async def client(fake: FakeProvider) -> AsyncIterator[Clients]:
    made: list[ModelClient] = []

    def make(api: str, **settings: Any) -> ModelClient:
        made.append(make_client(Settings(fake.base_url, api, **settings), environ={}, backoff=Backoff(base=0.0)))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


def request(**fields: Any) -> ModelRequest:
    return ModelRequest(model="m", input=[{"type": "message", "role": "user", "content": "hi"}], tools=TOOLS, **fields)


async def collect(client: ModelClient, asked: ModelRequest | None = None) -> list[ModelEvent]:
    return [event async for batch in client.stream(asked or request()) for event in batch]


async def failure(client: ModelClient) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await collect(client)
    return caught.value


def reply(api: str, *parts: Spoken, **shape: Any) -> Reply:
    if api == "chat":
        finish = "tool_calls" if isinstance(parts[-1], Call) else "stop"
        return chat_stream(*parts, finish=finish, **shape)
    if api == "messages":
        stop = "tool_use" if isinstance(parts[-1], Call) else "end_turn"
        return messages_stream(*parts, stop=stop, **shape)
    return stream(*map(responses_item, parts), **shape)


def responses_item(part: Spoken) -> Item:
    if isinstance(part, Think):
        return reasoning(content=[part.text])
    if isinstance(part, Say):
        return message(part.text, deltas=part.deltas)
    call = custom_tool_call if part.custom else function_call
    return call(part.name, part.arguments, call_id=part.call_id, deltas=part.deltas)


# -- what the consumer sees ----------------------------------------------------------------------------------------


def told(events: list[ModelEvent]) -> list[Any]:
    """The events without what is each API's own: ids of items, and state that only its provider reads."""
    numbers: dict[str, int] = {}
    seen: list[Any] = []
    for each in events:
        if isinstance(each, ItemAdded):
            number = numbers.setdefault(each.item["id"], len(numbers))
            seen.append(("added", number, each.item["type"], each.item.get("name"), each.item.get("call_id")))
        elif isinstance(each, ItemDone):
            seen.append(("done", numbers[each.item["id"]], essence(each.item)))
        elif isinstance(each, TextDelta):
            seen.append(("text", numbers[each.item_id], each.delta))
        elif isinstance(each, ReasoningDelta):
            seen.append(("reasoning", numbers[each.item_id], each.index, each.delta))
        elif isinstance(each, Completed):
            seen.append(("completed", each.usage, each.end_turn))
        elif isinstance(each, Incomplete):
            seen.append(("incomplete", each.usage, each.reason, each.lost_calls))
        else:
            seen.append(each)
    return seen


def essence(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("id", "encrypted_content")}


SPOKEN: dict[str, tuple[Spoken, ...]] = {
    "text": (Say("Grüße, 🌍!", deltas=4),),
    "thought and text": (Think("hmm"), Say("yes", deltas=2)),
    "one call": (Call("shell", '{"cmd":"ls"}', deltas=3),),
    "two calls at once": (
        Think("two"),
        Say("Looking."),
        Call("shell", '{"cmd":"ls"}', "call_1", deltas=3),
        Call("shell", '{"cmd":"pwd"}', "call_2", deltas=2),
    ),
    "a custom tool": (Say("Patching."), Call("apply_patch", PATCH, custom=True, deltas=5)),
    "structured": (Say('{"answer":42}', deltas=3),),
}


@pytest.mark.parametrize("parts", SPOKEN.values(), ids=SPOKEN.keys())
async def test_the_same_events_through_every_api(
    fake: FakeProvider, client: Clients, parts: tuple[Spoken, ...]
) -> None:
    seen = {}
    for api in APIS:
        fake.script(reply(api, *parts))
        seen[api] = told(await collect(client(api)))
    assert seen["chat"] == seen["responses"]
    assert seen["messages"] == seen["responses"]
    assert [sent.path for sent in fake.requests] == [PATHS[api] for api in APIS]


CUT = (Say("so far"), Call("shell", '{"cmd":"ls"}', "call_1"), Call("apply_patch", '{"input": "*** Be', "call_2"))


def cut(api: str, parts: tuple[Spoken, ...]) -> Reply:
    if api == "chat":
        return chat_stream(*parts, finish="length")
    return messages_stream(*parts, stop="max_tokens")


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_the_end_of_the_tokens(fake: FakeProvider, client: Clients, api: str) -> None:
    fake.script(cut(api, CUT))
    events = await collect(client(api))
    done = [event.item for event in events if isinstance(event, ItemDone)]
    assert [(item["type"], item.get("call_id")) for item in done] == [("message", None), ("function_call", "call_1")]
    end = events[-1]
    assert isinstance(end, Incomplete)
    assert (end.reason, end.lost_calls) == ("max_output_tokens", ["apply_patch"])
    assert end.usage is not None
    assert end.usage.total_tokens == 110


async def test_text_that_ends_early(fake: FakeProvider, client: Clients) -> None:
    seen = {}
    incomplete = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    # the terminal event of Responses tells of the cut item itself
    final = {"type": "message", "role": "assistant", "status": "incomplete"}
    content = [{"type": "output_text", "text": "cut", "annotations": []}]
    opened = event({"type": "response.output_item.added", "output_index": 0, "item": {**final, "content": []}})
    delta = event({"type": "response.output_text.delta", "output_index": 0, "delta": "cut"})
    replies = {
        "responses": stream(opened, delta, output=[{**final, "content": content}], **incomplete),
        "chat": cut("chat", (Say("cut"),)),
        "messages": cut("messages", (Say("cut"),)),
    }
    for api in APIS:
        fake.script(replies[api])
        seen[api] = told(await collect(client(api)))
    assert seen["chat"] == seen["messages"] == seen["responses"]


@pytest.mark.parametrize(
    ("api", "ends"),
    [
        ("chat", chat_stream(Say("No"), finish="content_filter")),
        ("messages", messages_stream(Say("No"), stop="refusal")),
    ],
)
async def test_filtered(fake: FakeProvider, client: Clients, api: str, ends: Reply) -> None:
    fake.script(ends)
    end = (await collect(client(api)))[-1]
    assert isinstance(end, Incomplete)
    assert end.reason == "content_filter"


# -- streams that break --------------------------------------------------------------------------------------------

LONG = (
    Think("hmm", deltas=2),
    Say("Looking.", deltas=2),
    Call("shell", '{"cmd":"ls"}', "call_1", deltas=3),
    Call("apply_patch", PATCH, "call_2", custom=True, deltas=3),
)
END_OF_BODY = (End.WHOLE, End.CUT)


def steps(api: str) -> int:
    return len(reply(api, *LONG).steps("r"))


@pytest.mark.parametrize("api", APIS)
async def test_a_stream_cut_anywhere(fake: FakeProvider, client: Clients, api: str) -> None:
    """Whatever had come: it is told as broken off, and no call in it is half or doubled."""
    whole = {"call_1": '{"cmd":"ls"}', "call_2": PATCH}
    provider = client(api)
    for count in range(steps(api)):
        fake.script(reply(api, *LONG, stop_after=count, end=END_OF_BODY[count % 2]))
        seen: list[ModelEvent] = []
        with pytest.raises(ModelError) as caught:
            async for batch in provider.stream(request()):
                seen += batch
        assert caught.value.kind is Kind.DISCONNECTED
        calls = [each.item for each in seen if isinstance(each, ItemDone) and "call_id" in each.item]
        assert len({call["call_id"] for call in calls}) == len(calls)
        assert all(call.get("arguments", call.get("input")) == whole[call["call_id"]] for call in calls)
        assert not any(isinstance(each, Completed | Incomplete) for each in seen)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("shape", [{"sizes": 1}, {"sizes": (7, 1, 30)}, {"compress": True, "sizes": 3}])
async def test_shapes_of_a_stream(fake: FakeProvider, client: Clients, api: str, shape: dict[str, Any]) -> None:
    fake.script(reply(api, *LONG), reply(api, *LONG, **shape))
    provider = client(api)
    assert told(await collect(provider)) == told(await collect(provider))
    assert fake.connections == 1


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_keep_alives(fake: FakeProvider, client: Clients, api: str) -> None:
    whole = b": keep-alive\n\n".join(step for step in reply(api, Say("ok")).steps("r") if isinstance(step, bytes))
    fake.script(raw(SSE_HEAD, b": ping\n\n", whole))
    assert told(await collect(client(api)))[-2][2]["content"][0]["text"] == "ok"


# -- failures ------------------------------------------------------------------------------------------------------


def anthropic(kind: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": text}}


def openai(text: str, kind: str | None = None, code: Any = None) -> dict[str, Any]:
    return {"error": {"message": text, "type": kind, "param": None, "code": code}}


ANSWERS: dict[str, tuple[str, int, dict[str, Any], Kind]] = {
    "overloaded": ("messages", 529, anthropic("overloaded_error", "Overloaded"), Kind.OVERLOADED),
    "rate limit": ("messages", 429, anthropic("rate_limit_error", "This request would exceed it"), Kind.RATE_LIMIT),
    "too long": (
        "messages",
        400,
        anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        Kind.CONTEXT_WINDOW,
    ),
    "too long with the answer": (
        "messages",
        400,
        anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000"),
        Kind.CONTEXT_WINDOW,
    ),
    "too large": ("messages", 413, anthropic("request_too_large", "Request exceeds it"), Kind.CONTEXT_WINDOW),
    "bad": ("messages", 400, anthropic("invalid_request_error", "messages.0: no"), Kind.BAD_REQUEST),
    "credit": (
        "messages",
        400,
        anthropic("invalid_request_error", "Your credit balance is too low to access the API."),
        Kind.USAGE_LIMIT,
    ),
    "key": ("messages", 401, anthropic("authentication_error", "invalid x-api-key"), Kind.UNAUTHORIZED),
    "permission": ("messages", 403, anthropic("permission_error", "not allowed"), Kind.UNAUTHORIZED),
    "model": ("messages", 404, anthropic("not_found_error", "model: m"), Kind.MODEL_NOT_FOUND),
    "api": ("messages", 500, anthropic("api_error", "Internal server error"), Kind.SERVER),
    "vllm context": (
        "chat",
        400,
        openai("This model's maximum context length is 8192 tokens.", "BadRequestError", 400),
        Kind.CONTEXT_WINDOW,
    ),
    "vllm model": ("chat", 404, openai("The model `m` does not exist.", "NotFoundError", 404), Kind.MODEL_NOT_FOUND),
    "llama.cpp context": (
        "chat",
        400,
        openai("the request exceeds the available context size", "exceed_context_size_error", 400),
        Kind.CONTEXT_WINDOW,
    ),
    "loading": ("chat", 503, openai("Loading model", "unavailable_error", 503), Kind.OVERLOADED),
    "openai": ("chat", 400, openai("x", "invalid_request_error", "context_length_exceeded"), Kind.CONTEXT_WINDOW),
    "quota": ("chat", 429, openai("x", "insufficient_quota", "insufficient_quota"), Kind.USAGE_LIMIT),
    "balance": ("chat", 402, openai("No Balance", "unknown_error", "invalid_request_error"), Kind.USAGE_LIMIT),
}


@pytest.mark.parametrize(("api", "status", "body", "kind"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_answers_that_fail(
    fake: FakeProvider, client: Clients, api: str, status: int, body: dict[str, Any], kind: Kind
) -> None:
    fake.script(answer(status, body))
    assert (await failure(client(api))).kind is kind


STREAMED: dict[str, tuple[str, dict[str, Any], Kind]] = {
    "overloaded": ("messages", anthropic("overloaded_error", "Overloaded"), Kind.OVERLOADED),
    "rate limit": ("messages", anthropic("rate_limit_error", "slow"), Kind.RATE_LIMIT),
    "too long": ("messages", anthropic("invalid_request_error", "prompt is too long: 2 > 1"), Kind.CONTEXT_WINDOW),
    "bad": ("messages", anthropic("invalid_request_error", "no"), Kind.BAD_REQUEST),
    "unknown": ("messages", anthropic("new_error", "odd"), Kind.DISCONNECTED),
    "vllm": ("chat", openai("boom", "InternalServerError", 500), Kind.SERVER),
    "bare": ("chat", {"object": "error", "message": "boom", "type": "BadRequestError", "code": 400}, Kind.BAD_REQUEST),
    "gateway": ("chat", {"error": {"code": 502, "message": "bad upstream"}, "choices": []}, Kind.SERVER),
    "gateway busy": ("chat", {"error": {"code": 429, "message": "busy"}}, Kind.RATE_LIMIT),
    "text": ("chat", {"error": "boom"}, Kind.DISCONNECTED),
    "of another shape": ("chat", {"error": {"message": "boom", "code": "server_error"}, "choices": 7}, Kind.SERVER),
}


@pytest.mark.parametrize(("api", "body", "kind"), STREAMED.values(), ids=STREAMED.keys())
async def test_failures_within_a_stream(
    fake: FakeProvider, client: Clients, api: str, body: dict[str, Any], kind: Kind
) -> None:
    parts = (Say("half"), Call("shell", '{"cmd":', "call_1"))
    fake.script(
        chat_stream(*parts, extra=[body]) if api == "chat" else messages_stream(*parts, extra=[body]),
    )
    seen: list[ModelEvent] = []
    with pytest.raises(ModelError) as caught:
        async for batch in client(api).stream(request()):
            seen += batch
    assert caught.value.kind is kind
    assert "call_1" not in [each.item.get("call_id") for each in seen if isinstance(each, ItemDone)]


@pytest.mark.parametrize("api", ["chat", "messages"])
async def test_requests_are_repeated_silently(fake: FakeProvider, client: Clients, api: str) -> None:
    fake.script(answer(529, anthropic("overloaded_error", "x")), raw(end=End.CUT), reply(api, Say("at last")))
    assert told(await collect(client(api, request_max_retries=2)))[-2][2]["content"][0]["text"] == "at last"
    assert len({sent.body for sent in fake.requests}) == 1


async def test_an_unknown_api() -> None:
    with pytest.raises(ModelError, match="soap") as caught:
        make_client(Settings("http://x", "soap"))
    assert caught.value.kind is Kind.SETTINGS


# -- keys ----------------------------------------------------------------------------------------------------------


async def test_how_a_key_is_shown(fake: FakeProvider, client: Clients) -> None:
    for api, provider in [("chat", "fake"), ("messages", "anthropic"), ("messages", "gateway")]:
        fake.script(reply(api, Say("ok")))
        await collect(client(api, id=provider, experimental_bearer_token="sk-secret"))
    chat, anthropic_own, gateway = (sent.headers for sent in fake.requests)
    assert chat["authorization"] == "Bearer sk-secret"
    assert "x-api-key" not in chat
    assert anthropic_own["x-api-key"] == "sk-secret"
    assert anthropic_own["anthropic-version"] == "2023-06-01"
    assert "authorization" not in anthropic_own
    assert (gateway["x-api-key"], gateway["authorization"]) == ("sk-secret", "Bearer sk-secret")


async def test_no_key(fake: FakeProvider, client: Clients) -> None:
    fake.script(reply("messages", Say("ok")))
    await collect(client("messages"))
    assert not {"x-api-key", "authorization"} & set(fake.requests[0].headers)


# -- and back again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
async def test_a_history_goes_back(fake: FakeProvider, client: Clients, api: str) -> None:
    """The items of an answer, with outputs, make the next request; thoughts go back to where they came from."""
    fake.script(*(reply(api, *LONG) for _ in range(2)), *(reply(other, Say("ok")) for other in APIS if other != api))
    mine = client(api)
    items = [event.item for event in await collect(mine) if isinstance(event, ItemDone)]
    outputs = [
        {"type": "function_call_output", "call_id": "call_1", "output": "a.txt"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "Done."},
    ]
    asked = request(effort="high")
    asked.input += [*items, *outputs]
    await collect(mine, asked)
    for other in APIS:
        if other != api:
            await collect(client(other), asked)
    _, own, *others = fake.requests
    assert "hmm" in own.body.decode()
    for sent in others:
        body = sent.body.decode()
        assert "hmm" not in body
        assert "spindled-sealed" not in body
        assert all(text in body for text in ("Looking.", "call_1", "a.txt", "call_2", "Begin Patch", "Done."))
