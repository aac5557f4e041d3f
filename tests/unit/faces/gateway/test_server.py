"""Row 4-50: the surface of the endpoint, who is let in, and how requests end."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from spindled.faces.gateway.guard import Guard
from tests.support.fake_chat import chat_stream
from tests.support.fake_items import Hold, hold, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.spoken import Call, Say, Think
from tests.unit.faces.gateway.conftest import Start

ASKED: dict[str, Any] = {"model": "m", "input": "hi"}
Http = aiohttp.ClientSession


async def post(http: Http, base_url: str, body: Any, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else None
    async with http.post(
        f"{base_url}/responses", json=None if data is not None else body, data=data, headers=headers
    ) as response:
        return response.status, await response.json()


async def test_health_and_models(fake: FakeProvider, start: Start, http: Http) -> None:
    fake.models = ["one", "two"]
    root = (await start("chat")).removesuffix("/v1")
    for path in ("/health", "/healthz"):
        async with http.get(root + path) as response:
            assert (response.status, await response.json()) == (200, {"status": "ok"})
    for path in ("/models", "/v1/models"):
        async with http.get(root + path) as response:
            listed = await response.json()
        assert [model["id"] for model in listed["data"]] == ["one", "two"]


@pytest.mark.parametrize("path", ["/responses", "/v1/responses"])
async def test_a_whole_response(fake: FakeProvider, start: Start, http: Http, path: str) -> None:
    call = Call("shell", '{"cmd":"ls"}')
    fake.script(chat_stream(Think("hm"), Say("Grüße"), call, finish="tool_calls"))
    root = (await start("chat")).removesuffix("/v1")
    async with http.post(root + path, json=ASKED) as response:
        assert response.content_type == "application/json"
        body = await response.json()
    assert (body["status"], body["object"], body["model"], body["store"]) == ("completed", "response", "m", False)
    assert [item["type"] for item in body["output"]] == ["reasoning", "message", "function_call"]
    assert body["usage"]["total_tokens"] == 110


async def test_a_whole_response_that_fails(fake: FakeProvider, start: Start, http: Http) -> None:
    fake.script(chat_stream(Say("so far"), stop_after=2), chat_stream(Think("hm")), chat_stream(Think("hm")))
    url = await start("chat")
    status, body = await post(http, url, ASKED)
    assert (status, body["error"]["code"]) == (502, "server_error")
    status, body = await post(http, url, ASKED)
    assert (status, body["error"]["code"]) == (502, "model_output_invalid")


MALFORMED: dict[str, tuple[Any, int, str | None]] = {
    "no JSON": (b"{", 400, None),
    "no UTF-8": (b'{"model":"\xff"}', 400, None),
    "a list": ([], 400, None),
    "no model": ({"input": "hi"}, 400, None),
    "an empty model": ({"model": ""}, 400, "model"),
    "input of a wrong type": ({**ASKED, "input": 3}, 400, "input"),
    "an item that is no object": ({**ASKED, "input": ["hi"]}, 400, "input[0]"),
    "a part that is no object": ({**ASKED, "input": [{"role": "user", "content": ["hi"]}]}, 400, "input[0].content[0]"),
    "content of a wrong type": ({**ASKED, "input": [{"role": "user", "content": 3}]}, 400, "input[0].content"),
    "a part without text": (
        {**ASKED, "input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        400,
        "input[0].content[0].text",
    ),
    "a call without id": ({**ASKED, "input": [{"type": "function_call", "name": "x"}]}, 400, "input[0].call_id"),
    "an output without id": ({**ASKED, "input": [{"type": "function_call_output"}]}, 400, "input[0].call_id"),
    "a tool without name": ({**ASKED, "tools": [{"type": "function"}]}, 400, "tools[0].name"),
    "parameters of a wrong type": (
        {**ASKED, "tools": [{"type": "function", "name": "x", "parameters": 3}]},
        400,
        "tools[0].parameters",
    ),
    "an unknown choice": ({**ASKED, "tool_choice": "maybe"}, 400, "tool_choice"),
    "a tool that is not there": ({**ASKED, "tool_choice": {"type": "function", "name": "x"}}, 400, "tool_choice.name"),
    "a schema that is not there": ({**ASKED, "text": {"format": {"type": "json_schema"}}}, 400, "text.format.schema"),
    "an earlier response": ({**ASKED, "previous_response_id": "resp_1"}, 501, "previous_response_id"),
    "a stored response": ({**ASKED, "store": True}, 501, "store"),
    "a conversation": ({**ASKED, "conversation": {"id": "c"}}, 501, "conversation"),
    "in the background": ({**ASKED, "background": True}, 501, "background"),
    "a stored prompt": ({**ASKED, "prompt": {"id": "p"}}, 501, "prompt"),
    "truncation": ({**ASKED, "truncation": "auto"}, 501, "truncation"),
    "a reference": ({**ASKED, "input": [{"type": "item_reference", "id": "x"}]}, 501, "input[0]"),
    "any JSON": ({**ASKED, "text": {"format": {"type": "json_object"}}}, 501, "text.format"),
    "a file": (
        {**ASKED, "input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
        501,
        "input[0].content[0]",
    ),
    "a stored image": (
        {**ASKED, "input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
        501,
        "input[0].content[0]",
    ),
    "a hosted tool": ({**ASKED, "tool_choice": {"type": "web_search"}}, 501, "tool_choice"),
}


@pytest.mark.parametrize(("body", "status", "param"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_refused(
    fake: FakeProvider, start: Start, http: Http, body: Any, status: int, param: str | None
) -> None:
    got, told = await post(http, await start("chat"), body)
    assert (got, told["error"]["param"], told["error"]["type"]) == (status, param, "invalid_request_error")
    assert told["error"]["message"]
    assert fake.requests == []


async def test_null_is_as_good_as_absent(fake: FakeProvider, start: Start, http: Http) -> None:
    fake.script(chat_stream(Say("ok")))
    nothing = dict.fromkeys(("tools", "tool_choice", "text", "reasoning", "store", "previous_response_id", "stream"))
    assert (await post(http, await start("chat"), {**ASKED, **nothing}))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/responses", 405), ("POST", "/models", 405), ("POST", "/chat/completions", 404), ("GET", "/", 404)],
)
async def test_other_methods_and_paths(start: Start, http: Http, method: str, path: str, status: int) -> None:
    async with http.request(method, await start("chat") + path) as response:
        assert response.status == status
        assert (await response.json())["error"]["type"] == "invalid_request_error"
        assert ("Allow" in response.headers) == (status == 405)


async def test_a_body_that_is_too_large(
    fake: FakeProvider, start: Start, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spindled.faces.gateway.server.MOST_BODY_BYTES", 1000)
    url = await start("chat")
    status, told = await post(http, url, {**ASKED, "input": "x" * 1001})
    assert (status, fake.requests) == (413, [])
    assert told["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:1"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Origin": "http://127.0.0.1:3000"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_pages_of_a_browser_are_kept_out(
    fake: FakeProvider, start: Start, http: Http, headers: dict[str, str], status: int
) -> None:
    fake.script(chat_stream(Say("ok")))
    assert (await post(http, await start("chat"), ASKED, **headers))[0] == status
    assert len(fake.requests) == (status == 200)


async def test_a_token_is_wanted_from_everybody(fake: FakeProvider, start: Start, http: Http) -> None:
    url = await start("chat", Guard("secret-token", remote=True))
    for shown in ("", "Bearer", "Bearer secret-tokeN", "secret-token", "Bearer ä"):
        status, told = await post(http, url, ASKED, **({"Authorization": shown} if shown else {}))
        assert (status, told["error"]["code"]) == (401, "invalid_api_key")
        assert "secret-token" not in str(told)
    fake.script(chat_stream(Say("ok")))
    status, _ = await post(http, url, ASKED, Authorization="Bearer secret-token", Host="gateway.example")
    assert status == 200
    assert "authorization" not in fake.requests[-1].headers


async def test_a_client_that_goes_away_ends_the_provider_s_request(
    fake: FakeProvider, start: Start, http: Http
) -> None:
    fake.script(chat_stream(Say("so far"), Hold("middle"), Say("more")))
    response = await http.post(f"{await start('chat')}/responses", json={**ASKED, "stream": True})
    await response.content.readuntil(b"output_text.delta")
    await fake.reached("middle")
    response.close()
    await fake.requests[0].gone.wait()


async def test_a_client_that_goes_away_before_the_first_event(fake: FakeProvider, start: Start, http: Http) -> None:
    fake.script(chat_stream(Hold("first"), Say("late")))
    posting = asyncio.ensure_future(http.post(f"{await start('chat')}/responses", json={**ASKED, "stream": True}))
    await fake.reached("first")
    posting.cancel()
    await fake.requests[0].gone.wait()


async def test_a_client_that_reads_slowly_makes_the_provider_wait(fake: FakeProvider, start: Start, http: Http) -> None:
    """The provider does not get to its end before the client reads: nothing gathers in between."""
    fake.script(stream(*[message("x" * (1 << 20)) for _ in range(32)], hold("end")))
    response = await http.post(f"{await start('responses')}/responses", json={**ASKED, "stream": True})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fake.reached("end"), 0.5)  # long enough for all of it over loopback
    reading = asyncio.ensure_future(response.read())
    await fake.reached("end")
    fake.release("end")
    assert (await reading).count(b"event: response.completed") == 1


async def test_requests_do_not_wait_for_each_other(fake: FakeProvider, start: Start, http: Http) -> None:
    fake.script(chat_stream(Hold("one"), Say("1"), match="first"), chat_stream(Say("2"), match="second"))
    url = await start("chat")
    first = asyncio.ensure_future(post(http, url, {**ASKED, "input": "first"}))
    await fake.reached("one")
    assert (await post(http, url, {**ASKED, "input": "second"}))[1]["output"][0]["content"][0]["text"] == "2"
    fake.release("one")
    assert (await first)[1]["output"][0]["content"][0]["text"] == "1"


async def test_a_list_of_models_that_cannot_be_had(fake: FakeProvider, start: Start, http: Http) -> None:
    url = await start("chat", env_key="SPINDLED_TEST_NO_SUCH_KEY")
    async with http.get(f"{url}/models") as response:
        assert response.status == 401
        assert "SPINDLED_TEST_NO_SUCH_KEY" in (await response.json())["error"]["message"]
    assert fake.requests == []
