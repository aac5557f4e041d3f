"""The Responses client over real sockets, against a provider that does anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from spindled.model.errors import Kind, ModelError, to_codex_error_info
from spindled.model.events import Completed, Incomplete, ItemDone, ModelEvent, TextDelta
from spindled.model.request import ModelRequest, identity_headers
from spindled.model.responses import ResponsesClient
from spindled.model.retry import Backoff
from tests.support.fake_items import event, function_call, hold, message, reasoning
from tests.support.fake_provider import End, FakeProvider, Reply, answer, raw, sse, stream

SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
COMPLETED = sse({"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}})


@dataclass
class Settings:
    base_url: str | None
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


class Clients:
    """Makes clients of the fake provider that are closed when the test ends."""

    def __init__(self, fake: FakeProvider):
        self.fake = fake
        self.made: list[ResponsesClient] = []

    def __call__(
        self, *, environ: dict[str, str] | None = None, base_url: str = "", **settings: Any
    ) -> ResponsesClient:
        provider = Settings(base_url or self.fake.base_url, **settings)
        client = ResponsesClient(provider, environ=environ or {}, backoff=Backoff(base=0.0))
        self.made.append(client)
        return client


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        yield provider


@pytest_asyncio.fixture
async def client(fake: FakeProvider) -> AsyncIterator[Clients]:
    clients = Clients(fake)
    yield clients
    for made in clients.made:
        await made.aclose()


def request(text: str = "hi", **fields: Any) -> ModelRequest:
    return ModelRequest(model="m", input=[{"type": "message", "role": "user", "content": text}], **fields)


async def collect(client: ResponsesClient, asked: ModelRequest | None = None) -> list[ModelEvent]:
    return [event async for batch in client.stream(asked or request()) for event in batch]


def texts(events: list[ModelEvent]) -> str:
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


async def failure(client: ResponsesClient) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await collect(client)
    return caught.value


# -- what is sent --------------------------------------------------------------------------------------------------


async def test_the_request(fake: FakeProvider, client: Clients) -> None:
    """Row 4-20."""
    provider = client(
        environ={"KEY": "sk-secret", "TOKEN": "t1"},
        env_key="KEY",
        http_headers={"x-own": "1"},
        env_http_headers={"x-token": "TOKEN", "x-unset": "NOPE"},
        query_params={"api-version": "2"},
    )
    headers = identity_headers(session_id="s", thread_id="t", originator="o", client="editor/1")
    await collect(provider, request(headers=headers))
    sent = fake.requests[0]
    assert (sent.method, sent.path, sent.query) == ("POST", "/v1/responses", "api-version=2")
    assert sent.headers["authorization"] == "Bearer sk-secret"
    assert sent.headers["content-length"] == str(len(sent.body))
    expected = {"accept": "text/event-stream", "content-type": "application/json", "x-own": "1", "x-token": "t1"}
    assert sent.headers.items() >= {**expected, **headers}.items()
    assert "x-unset" not in sent.headers
    assert not any(name.startswith("x-stainless") for name in sent.headers)
    assert sent.json["stream"] is True


async def test_no_key_means_no_authorization(
    fake: FakeProvider, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, "sk-not-for-you")
    await collect(client())
    assert "authorization" not in fake.requests[0].headers
    assert "sk-not-for-you" not in str(fake.requests[0].headers)


async def test_a_header_of_the_settings_may_be_the_authorization(fake: FakeProvider, client: Clients) -> None:
    await collect(client(http_headers={"Authorization": "Basic abc"}))
    assert fake.requests[0].headers["authorization"] == "Basic abc"


async def test_a_missing_key_is_told_and_nothing_is_sent(fake: FakeProvider, client: Clients) -> None:
    error = await failure(client(env_key="SOME_KEY", request_max_retries=3))
    assert error.kind is Kind.CREDENTIALS
    assert "SOME_KEY" in str(error)
    assert fake.requests == []


async def test_a_large_request(fake: FakeProvider, client: Clients) -> None:
    await collect(client(), request("x" * 3_000_000))
    assert len(fake.requests[0].body) > 3_000_000


# -- what comes back -----------------------------------------------------------------------------------------------


async def test_a_whole_response(fake: FakeProvider, client: Clients) -> None:
    items = [reasoning(["a", "b"], content=["raw"]), message("hello", deltas=3), function_call("shell", {"cmd": "ls"})]
    fake.script(stream(*items, usage={"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}))
    events = await collect(client())
    assert texts(events) == "hello"
    done = [event.item for event in events if isinstance(event, ItemDone)]
    assert [item["type"] for item in done] == ["reasoning", "message", "function_call"]
    assert done[2]["arguments"] == '{"cmd": "ls"}'
    end = events[-1]
    assert isinstance(end, Completed)
    assert end.usage is not None
    assert end.usage.total_tokens == 7


async def test_events_arrive_while_the_stream_goes_on(fake: FakeProvider, client: Clients) -> None:
    fake.script(stream(message("ab", deltas=2, hold_after=(1, "middle"))))
    seen: list[ModelEvent] = []
    async for batch in client().stream(request()):
        seen += batch
        if texts(seen) == "a":
            fake.release("middle")
    assert texts(seen) == "ab"


async def test_incomplete(fake: FakeProvider, client: Clients) -> None:
    fake.script(stream(message("cut"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}))
    end = (await collect(client()))[-1]
    assert isinstance(end, Incomplete)
    assert end.reason == "max_output_tokens"


TEXT = "tëxt 🧵 …"
SHAPES: dict[str, Reply] = {
    "byte by byte": stream(message(TEXT, deltas=3), sizes=1),
    "odd sizes": stream(message(TEXT, deltas=3), sizes=(7, 1, 30)),
    "CRLF": stream(message(TEXT, deltas=3), line_end=b"\r\n", sizes=5),
    "CR": stream(message(TEXT, deltas=3), line_end=b"\r"),
    "gzip": stream(message(TEXT, deltas=3), compress=True),
    "gzip in pieces": stream(message(TEXT, deltas=3), compress=True, sizes=3),
    "other content type": stream(message(TEXT), headers={"content-type": "text/plain; charset=utf-8"}),
    "no content type": raw(
        b"HTTP/1.1 200 OK\r\n\r\n", sse({"type": "response.output_text.delta", "delta": TEXT}), COMPLETED
    ),
    "no length": raw(SSE_HEAD, sse({"type": "response.output_text.delta", "delta": TEXT}), COMPLETED),
    "odd prelude": stream(event({"type": "codex.rate_limits", "delta": 7}), message(TEXT)),
    "comments": raw(SSE_HEAD, b": ping\n\n", sse({"type": "response.refusal.delta", "delta": TEXT}), COMPLETED),
}


@pytest.mark.parametrize("reply", SHAPES.values(), ids=SHAPES.keys())
async def test_shapes_of_a_stream(fake: FakeProvider, client: Clients, reply: Reply) -> None:
    fake.script(reply)
    events = await collect(client())
    assert texts(events) == TEXT
    assert isinstance(events[-1], Completed)


async def test_a_big_event(fake: FakeProvider, client: Clients) -> None:
    text = "y" * 5_000_000
    fake.script(stream(message(text)))
    assert texts(await collect(client())) == text


async def test_connections_are_used_again(fake: FakeProvider, client: Clients) -> None:
    provider = client()
    for _ in range(5):
        await collect(provider)
    assert fake.connections == 1


async def test_a_connection_that_the_provider_dropped_meanwhile(fake: FakeProvider, client: Clients) -> None:
    fake.script(stream(message("one"), end=End.CLOSE), stream(message("two")))
    provider = client(request_max_retries=1)
    assert texts(await collect(provider)) == "one"
    assert texts(await collect(provider)) == "two"


@pytest.mark.parametrize("end", [End.CUT, End.RESET, End.STALL, End.MID_CHUNK])
async def test_nothing_that_follows_the_terminal_event_matters(fake: FakeProvider, client: Clients, end: End) -> None:
    fake.script(stream(message("whole"), end=end))
    events = await collect(client())
    assert texts(events) == "whole"
    assert isinstance(events[-1], Completed)


async def test_many_streams_at_once(fake: FakeProvider, client: Clients) -> None:
    provider = client()
    fake.default = stream(message("before after", deltas=2, hold_after=(1, "all")))
    streams = [asyncio.ensure_future(collect(provider)) for _ in range(50)]
    await fake.wait_requests(50)
    fake.release("all")
    assert [texts(events) for events in await asyncio.gather(*streams)] == ["before after"] * 50
    assert fake.most_open_replies == 50


# -- failures ------------------------------------------------------------------------------------------------------


def http(status: int, code: str | None, text: str, kind: str | None = None, **headers: str) -> Reply:
    body = {"error": {"code": code, "message": text, "type": kind}}
    return answer(status, body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def failed(code: str, text: str) -> Reply:
    return stream(status="failed", error={"code": code, "message": text})


ANSWERS: dict[str, tuple[Reply, Kind, object]] = {
    "400": (http(400, "invalid_value", "Invalid value: 'x'.", "invalid_request_error"), Kind.BAD_REQUEST, "other"),
    "401": (http(401, "invalid_api_key", "Incorrect API key"), Kind.UNAUTHORIZED, "unauthorized"),
    "404": (http(404, "model_not_found", "No such model"), Kind.MODEL_NOT_FOUND, "modelNotFound"),
    "429": (
        http(429, "rate_limit_exceeded", "Rate limit reached."),
        Kind.RATE_LIMIT,
        {"responseTooManyFailedAttempts": {"httpStatusCode": 429}},
    ),
    "quota": (http(429, None, "The limit", "usage_limit_reached"), Kind.USAGE_LIMIT, "usageLimitExceeded"),
    "500": (http(500, "server_error", "boom"), Kind.SERVER, "internalServerError"),
    "503": (http(503, "server_is_overloaded", "Overloaded"), Kind.OVERLOADED, "serverOverloaded"),
    "context 400": (
        http(400, "context_length_exceeded", "Your input exceeds it."),
        Kind.CONTEXT_WINDOW,
        "contextWindowExceeded",
    ),
    "context": (failed("context_length_exceeded", "Too long."), Kind.CONTEXT_WINDOW, "contextWindowExceeded"),
    "failed": (failed("server_error", "The server had an error."), Kind.SERVER, "internalServerError"),
    "failed quota": (failed("insufficient_quota", "You exceeded it."), Kind.USAGE_LIMIT, "usageLimitExceeded"),
    "failed prompt": (failed("invalid_prompt", "Invalid prompt."), Kind.BAD_REQUEST, "other"),
    "error event": (stream(event({"type": "error", "message": "x"}), status=""), Kind.DISCONNECTED, "other"),
    "proxy page": (answer(502, "<html><title>Bad gateway</title></html>"), Kind.SERVER, "internalServerError"),
    "gzipped error": (
        answer(400, {"error": {"code": "invalid_prompt", "message": "z"}}, compress=True),
        Kind.BAD_REQUEST,
        "other",
    ),
    "a JSON body": (
        answer(200, {"id": "r", "object": "response"}),
        Kind.PROTOCOL,
        {"responseStreamConnectionFailed": {"httpStatusCode": 200}},
    ),
    "an error as 200": (http(200, "insufficient_quota", "Pay."), Kind.USAGE_LIMIT, "usageLimitExceeded"),
    "an HTML page": (
        answer(200, "<html><title>Sign in</title></html>"),
        Kind.PROTOCOL,
        {"responseStreamConnectionFailed": {"httpStatusCode": 200}},
    ),
}


@pytest.mark.parametrize(("reply", "kind", "info"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_answers_that_fail(fake: FakeProvider, client: Clients, reply: Reply, kind: Kind, info: object) -> None:
    fake.script(reply)
    error = await failure(client())
    assert error.kind is kind
    assert msgspec.to_builtins(to_codex_error_info(error)) == info
    assert "\n" not in str(error)


async def test_an_error_whose_body_is_cut(fake: FakeProvider, client: Clients) -> None:
    fake.script(answer(500, "torn", headers={"content-length": "1000"}, end=End.CUT))
    assert (await failure(client())).retryable


async def test_the_wrong_content_type_is_told(fake: FakeProvider, client: Clients) -> None:
    fake.script(answer(200, {"object": "response"}), answer(200, "<html><title>Sign in</title></html>"))
    provider = client()
    assert "application/json where an event stream was expected" in str(await failure(provider))
    assert "text/html where an event stream was expected: an HTML page: Sign in" in str(await failure(provider))


ENDS: dict[str, Reply] = {
    "cut at once": stream(status="", stop_after=0, end=End.CUT),
    "cut before the first delta": stream(message("text"), stop_after=3, end=End.CUT),
    "cut within a chunk": stream(message("text", deltas=4), stop_after=5, end=End.MID_CHUNK),
    "cut after the items": stream(message("text"), status="", end=End.CUT),
    "reset": stream(message("text"), status="", end=End.RESET),
    "ended properly but too early": stream(message("text"), status=""),
    "an empty stream": raw(SSE_HEAD),
    "a torn terminal event": raw(SSE_HEAD, COMPLETED[:-1]),
    "broken gzip": raw(SSE_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n"), b"not gzip at all"),
    "broken chunks": raw(SSE_HEAD.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n"), b"zz\r\nhello\r\n"),
    "a broken event": raw(SSE_HEAD, b'event: e\ndata: {"type":"respon\n\n'),
}


@pytest.mark.parametrize("reply", ENDS.values(), ids=ENDS.keys())
async def test_streams_that_break(fake: FakeProvider, client: Clients, reply: Reply) -> None:
    """Row 4-24."""
    fake.script(reply)
    error = await failure(client(request_max_retries=3))
    assert error.kind is Kind.DISCONNECTED
    assert error.retryable
    assert to_codex_error_info(error) == "other"
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [stream(message("t", deltas=1), status="", end=End.STALL), raw(end=End.STALL)],
    ids=["within the stream", "before the answer"],
)
async def test_silence(fake: FakeProvider, client: Clients, reply: Reply) -> None:
    """Rows 0-47, 4-21."""
    fake.script(reply)
    error = await failure(client(stream_idle_timeout_ms=50))
    assert error.kind is Kind.DISCONNECTED
    assert "0.05 s" in str(error)
    await fake.requests[0].gone.wait()


async def test_a_slow_stream_is_not_a_silent_one(fake: FakeProvider, client: Clients) -> None:
    """Row 0-47."""
    fake.script(stream(message("slow", deltas=4), drip=0.02))
    assert texts(await collect(client(stream_idle_timeout_ms=5000))) == "slow"


async def test_no_secret_in_an_error(fake: FakeProvider, client: Clients) -> None:
    fake.script(
        http(401, None, "Incorrect API key: sk-very-secret"),
        failed("x", "sk-very-secret is wrong"),
        answer(200, {"echo": "sk-very-secret"}),
    )
    provider = client(environ={"KEY": "sk-very-secret"}, env_key="KEY")
    for _ in range(3):
        error = await failure(provider)
        assert "sk-very-secret" not in str(error) + repr(error) + error.message + error.said
        assert "[secret]" in str(error)


# -- silent repetitions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        http(500, "server_error", "boom"),
        http(503, "server_is_overloaded", "Overloaded"),
        answer(502, "<html>"),
        raw(end=End.CUT),
        raw(end=End.RESET),
    ],
    ids=["500", "503", "502", "closed", "reset"],
)
async def test_requests_are_repeated_silently(fake: FakeProvider, client: Clients, reply: Reply) -> None:
    """Rows 4-21, 4-23."""
    fake.script(reply, reply, stream(message("at last")))
    assert texts(await collect(client(request_max_retries=2))) == "at last"
    assert len({request.body for request in fake.requests}) == 1
    assert len(fake.requests) == 3


async def test_as_often_as_the_settings_say(fake: FakeProvider, client: Clients) -> None:
    fake.default = http(500, "server_error", "boom")
    assert (await failure(client(request_max_retries=2))).kind is Kind.SERVER
    assert len(fake.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
async def test_other_answers_are_final_for_the_request(fake: FakeProvider, client: Clients, status: int) -> None:
    """Row 4-22."""
    fake.default = http(status, None, "no")
    await failure(client(request_max_retries=3))
    assert len(fake.requests) == 1


async def test_nothing_listens(client: Clients) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    error = await failure(client(base_url=f"http://127.0.0.1:{port}/v1", request_max_retries=2))
    assert error.kind is Kind.CONNECTION
    assert error.retryable
    assert msgspec.to_builtins(to_codex_error_info(error)) == {"httpConnectionFailed": {"httpStatusCode": None}}


async def test_an_address_that_cannot_be(client: Clients) -> None:
    assert (await failure(client(base_url="http://[oops/v1"))).kind in (Kind.SETTINGS, Kind.CONNECTION)


# -- ending early --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["before the answer", "in the stream"])
async def test_cancelling_closes_the_socket_and_leaves_no_task(fake: FakeProvider, client: Clients, where: str) -> None:
    """Row 0-48."""
    waits = raw(end=End.STALL) if where == "before the answer" else stream(message("some"), hold("never"))
    fake.script(waits)
    provider = client()
    others = asyncio.all_tasks()
    task = asyncio.ensure_future(collect(provider))
    await fake.wait_requests(1)
    if where == "in the stream":
        await fake.reached("never")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await fake.requests[0].gone.wait()
    await provider.aclose()
    while left := asyncio.all_tasks() - others - fake.tasks:
        await asyncio.wait(left)


async def test_cancelling_while_the_request_waits_to_be_repeated(fake: FakeProvider) -> None:
    fake.default = http(500, None, "boom")
    patient = ResponsesClient(Settings(fake.base_url, request_max_retries=5), environ={}, backoff=Backoff(base=3600))
    task = asyncio.ensure_future(collect(patient))
    await fake.wait_requests(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await patient.aclose()


async def test_closing_the_generator_closes_the_socket(fake: FakeProvider, client: Clients) -> None:
    fake.script(stream(message("some", deltas=2, hold_after=(1, "never"))))
    async with aclosing(client().stream(request())) as events:
        async for _ in events:
            break
    await fake.requests[0].gone.wait()


async def test_closing_the_client_ends_its_streams(fake: FakeProvider, client: Clients) -> None:
    fake.script(stream(message("some"), hold("never")))
    provider = client()
    with pytest.raises(ModelError) as caught:
        async for _ in provider.stream(request()):
            await provider.aclose()
    assert caught.value.kind is Kind.DISCONNECTED


# -- the start -----------------------------------------------------------------------------------------------------


async def test_warming_in_a_thread(fake: FakeProvider, client: Clients) -> None:
    provider = client()
    await asyncio.gather(*(asyncio.to_thread(provider.warm) for _ in range(3)))
    assert texts(await collect(provider)) == "ok"


async def test_many_first_requests_at_once(client: Clients) -> None:
    provider = client()
    events = await asyncio.gather(*(collect(provider) for _ in range(20)))
    assert [texts(each) for each in events] == ["ok"] * 20


async def test_warming_tells_a_missing_key(client: Clients) -> None:
    with pytest.raises(ModelError, match="SOME_KEY"):
        client(env_key="SOME_KEY").warm()


async def test_a_proxy_of_the_environment_is_used(
    fake: FakeProvider, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", fake.base_url.removesuffix("/v1"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert texts(await collect(client(base_url="http://model.invalid/v1"))) == "ok"
    assert fake.requests[0].headers["host"] == "model.invalid"
