"""The endpoint's HTTP: token, routes, keep-alive, bad requests, the stand-alone program."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from urllib.parse import urlsplit

import pytest


async def exchange(asker, *requests: bytes) -> bytes:
    """All that comes back on one connection; the last request should close it."""
    parts = urlsplit(asker.endpoint.base_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(b"".join(requests))
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def head(asker, line: str, *fields: str) -> bytes:
    return "\r\n".join([line, f"Authorization: Bearer {asker.endpoint.token}", *fields, "", ""]).encode()


async def test_only_loopback(asker):
    assert urlsplit(asker.endpoint.base_url).hostname == "127.0.0.1"


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/models", "/"])
async def test_a_token_is_needed(asker, path):
    answer = await asker.send("POST", path, {}, token="another")
    assert answer.status == 401
    assert asker.endpoint.token.encode() not in answer.body


async def test_models(asker):
    assert [model["id"] for model in (await asker.send("GET", "/v1/models")).json["data"]] == ["scripted"]


async def test_unknown_path_and_unreadable_body(asker):
    assert (await asker.send("GET", "/v1/nothing")).status == 404
    for body in (b"{", b"\xff", b"[]", b'{"input": 3}'):
        assert (await asker.send("POST", "/v1/responses", body)).status == 400


async def test_keep_alive_and_pipelined_requests(asker):
    models = head(asker, "GET /v1/models HTTP/1.1")
    last = head(asker, "GET /v1/models HTTP/1.1", "Connection: close")
    assert (await exchange(asker, models, models, last)).count(b"HTTP/1.1 200 OK") == 3


async def test_chunked_request_with_continue(asker):
    body = b'{"input": "say chunked"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:5], body[5:])) + b"0\r\n\r\n"
    fields = "Transfer-Encoding: chunked", "Expect: 100-continue", "Connection: close"
    answer = await exchange(asker, head(asker, "POST /v1/responses HTTP/1.1", *fields), chunks)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert b'"text":"chunked"' in answer


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Encoding: zstd\r\nContent-Length: 0\r\n\r\n", 415),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
    ],
)
async def test_bad_requests_are_answered_and_end_the_connection(asker, raw, status):
    assert (await exchange(asker, raw)).startswith(b"HTTP/1.1 %d " % status)


async def test_a_client_that_leaves_does_not_disturb(asker):
    parts = urlsplit(asker.endpoint.base_url)
    body = b'{"stream": true, "input": "stream 100000 words"}'
    for _ in range(3):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(head(asker, "POST /v1/responses HTTP/1.1", f"Content-Length: {len(body)}") + body)
        await writer.drain()
        writer.transport.abort()
    assert (await asker.ask("say still here")).texts == ["still here"]


async def test_close_ends_streams_nobody_reads(asker):
    parts = urlsplit(asker.endpoint.base_url)
    body = b'{"stream": true, "input": "stream 1000000 words"}'
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
    writer.write(head(asker, "POST /v1/responses HTTP/1.1", f"Content-Length: {len(body)}") + body)
    await reader.readline()
    await asker.endpoint.close()
    await asker.endpoint.close()
    writer.transport.abort()


async def test_stand_alone():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "spindled.scripted",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    url = urlsplit((await process.stdout.readline()).decode().strip())
    authorization = (await process.stdout.readline()).strip()
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n" + authorization + b"\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
    writer.close()
    await writer.wait_closed()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
