"""Every way in which the scripted endpoint fails on demand."""

from __future__ import annotations

import asyncio

import pytest


async def stalled(asker):
    """A connection whose answer has gone silent, and what came before."""
    body = b'{"stream": true, "input": "fail stall"}'
    head = f"POST /v1/responses HTTP/1.1\r\nAuthorization: Bearer {asker.endpoint.token}\r\nContent-Length: {len(body)}"
    reader, writer = await asyncio.open_connection(*asker.address.split(":"))
    writer.write(head.encode() + b"\r\n\r\n" + body)
    return reader, writer, await reader.readuntil(b"middle of")


@pytest.mark.parametrize(
    ("status", "code"), [(401, "invalid_api_key"), (429, "rate_limit_exceeded"), (500, "server_error")]
)
async def test_status(asker, status, code):
    answer = await asker.ask(f"fail status {status}")
    assert (answer.status, answer.json["error"]["code"]) == (status, code)


async def test_retry_after_and_code(asker):
    answer = await asker.ask("fail status 429 retry-after 7 code insufficient_quota")
    assert answer.headers["retry-after"] == "7"
    assert answer.json["error"]["code"] == "insufficient_quota"


async def test_html(asker):
    answer = await asker.ask("fail html 503")
    assert answer.status == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.body.startswith(b"<html>")


async def test_cut_ends_cleanly_without_a_last_event(asker):
    answer = await asker.ask("say before\nfail cut")
    assert not answer.broken
    assert answer.deltas[0] == "before"
    assert answer.events[-1]["type"] == "response.output_text.delta"


async def test_reset_breaks_the_connection(asker):
    answer = await asker.ask("fail reset")
    assert answer.broken


async def test_stall_goes_silent_until_the_endpoint_closes(asker):
    reader, writer, begun = await stalled(asker)
    late = await asker.ask("say others are served meanwhile")
    assert late.texts == ["others are served meanwhile"]
    await asker.endpoint.close()
    try:
        rest = await reader.read()
    except ConnectionResetError:
        rest = b""
    assert b"response.completed" not in begun + rest
    writer.transport.abort()


async def test_stall_ends_when_the_client_leaves(asker):
    reader, writer, _ = await stalled(asker)
    writer.write_eof()
    with pytest.raises(ConnectionResetError):
        while await reader.read(1 << 16):
            pass
    writer.transport.abort()


async def test_failed_and_context(asker):
    event = (await asker.ask("say a\nfail failed invalid_prompt")).events[-1]
    assert (event["type"], event["response"]["error"]["code"]) == ("response.failed", "invalid_prompt")
    event = (await asker.ask("fail context")).events[-1]
    assert event["response"]["error"]["code"] == "context_length_exceeded"


async def test_incomplete(asker):
    event = (await asker.ask("fail incomplete content_filter")).events[-1]
    assert event["type"] == "response.incomplete"
    assert event["response"]["incomplete_details"] == {"reason": "content_filter"}
    assert event["response"]["output"][-1]["status"] == "incomplete"


async def test_empty(asker):
    assert (await asker.ask("fail empty")).output == []


async def test_times_is_counted_for_each_message_and_conversation(asker):
    script = "fail status 500 times 2\nfail cut times 1\nsay done"
    assert [(await asker.ask(script)).status for _ in range(2)] == [500, 500]
    assert (await asker.ask(script, prompt_cache_key="another thread")).status == 500
    assert (await asker.ask(script)).events[-1]["type"] == "response.output_text.delta"
    assert (await asker.ask(script)).texts == ["done"]


async def test_failures_between_calls(asker):
    script = "fail status 500 times 1\nrun a\nfail status 503 times 1\nrun b"
    done = {"type": "function_call_output", "call_id": "c", "output": "Process exited with code 0\nOutput:\na"}
    assert (await asker.ask(script)).status == 500
    assert (await asker.ask(script)).output[0]["arguments"] == '{"cmd":"a"}'
    assert (await asker.ask(script, done)).status == 503
    assert (await asker.ask(script, done)).output[0]["arguments"] == '{"cmd":"b"}'


async def test_without_streaming(asker):
    whole = await asker.ask("say hi", stream=False)
    assert (whole.json["status"], whole.json["output"][0]["content"][0]["text"]) == ("completed", "hi")
    assert (await asker.ask("fail context", stream=False)).json["status"] == "failed"
    assert (await asker.ask("fail reset", stream=False)).broken
