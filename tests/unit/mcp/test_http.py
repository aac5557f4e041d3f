"""Servers over streamable HTTP: a real one, and what can go wrong on the way."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from spindled.config.mcp import McpServer
from spindled.mcp.connection import Connection
from spindled.mcp.errors import ServerError, ServerGone, StartupFailed, StartupTimeout
from spindled.mcp.launch import launch
from spindled.mcp.pool import Pool
from tests.support.mcp_http import http_server
from tests.unit.mcp.conftest import Watched

pytestmark = pytest.mark.timeout(120)  # each server loads a large library, on cores that are shared

Json = dict[str, Any]
Handler = Callable[[Json], web.StreamResponse]


def connect(pool: Pool, url: str, environ: dict[str, str] | None = None, **settings: Any) -> tuple[Connection, Watched]:
    watched = Watched()
    made = launch("web", McpServer(url=url, **settings), Path("/"), environ or dict(os.environ))
    return pool.lease(made, watched).connection, watched


async def call(connection: Connection, name: str, **arguments: Any) -> str:
    result = await connection.request("tools/call", {"name": name, "arguments": arguments})
    return str(result["content"][0]["text"])


async def test_a_real_server(pool: Pool) -> None:
    async with http_server("http") as server:
        connection, watched = connect(pool, server.url)
        assert await call(connection, "echo", text="hello") == "hello"
        assert connection.listing.instructions == "A server for tests."
        heard: list[str | None] = []
        await connection.request(
            "tools/call", {"name": "count", "arguments": {}}, progress=lambda *told: heard.append(told[2])
        )
        assert heard == ["1 of 3", "2 of 3", "3 of 3"]

        async def ask(question: Json) -> Json:
            return {"action": "accept", "content": {"name": "Bob"}}

        greeting = await connection.request("tools/call", {"name": "greet", "arguments": {}}, thread="t", ask=ask)
        assert greeting["content"][0]["text"] == "hello Bob"
        added = await connection.request("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}})
        assert added["structuredContent"] == {"total": 3}
        assert watched.states == ["starting", "connected"]


async def test_a_server_that_went_away(pool: Pool) -> None:
    async with http_server("http") as server:
        connection, watched = connect(pool, server.url)
        await connection.ready()
    with pytest.raises((ServerGone, StartupFailed)):
        await call(connection, "echo", text="x")
    with pytest.raises(StartupFailed):
        await call(connection, "echo", text="x")
    assert watched.states[-1] == "failed"


# -- a server that answers as the test says


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]]:
    runners: list[web.AppRunner] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"

    yield start
    for runner in runners:
        await runner.cleanup()


class Scripted:
    """Answers initialize and tools/list well; `calls` are the answers to tools/call, in turn."""

    def __init__(self, *calls: Handler):
        self.calls = list(calls)
        self.seen: list[tuple[str, str | None]] = []
        self.headers: list[dict[str, str]] = []
        self.sessions = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if request.method != "POST":
            return web.Response(status=405)
        message = await request.json()
        method, session = message.get("method"), request.headers.get("mcp-session-id")
        self.seen.append((method, session))
        if "id" not in message:
            return web.Response(status=202)
        if method == "initialize":
            self.sessions += 1
            info = {"name": "s", "version": "1"}
            version = message["params"]["protocolVersion"]
            result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
            return answered(message, result, {"mcp-session-id": f"s{self.sessions}"})
        if method == "tools/list":
            return answered(message, {"tools": []})
        return self.calls.pop(0)(message)


def answered(message: Json, result: Json, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": result}, headers=headers)


def well(message: Json) -> web.Response:
    return answered(message, {"content": [{"type": "text", "text": "well"}]})


async def test_a_session_that_the_server_forgot_is_begun_again_unnoticed(pool: Pool, serve: Any) -> None:
    scripted = Scripted(lambda _: web.Response(status=404), well)
    connection, watched = connect(pool, await serve(scripted.answer))
    assert await call(connection, "x") == "well"
    assert [session for method, session in scripted.seen if method == "tools/call"] == ["s1", "s2"]
    assert watched.states == ["starting", "connected", "starting", "connected"]


@pytest.mark.parametrize(
    "broken",
    [
        lambda _: web.Response(status=500, text="<html>secret-hush"),
        lambda _: web.Response(status=200, text="no json", content_type="application/json"),
        lambda _: web.Response(status=200, text="<html>", content_type="text/html"),
        lambda _: web.Response(status=200, text="data: no json\n\n", content_type="text/event-stream"),
        lambda _: web.Response(status=302, headers={"location": "http://evil.example/mcp"}),
    ],
)
async def test_an_answer_that_is_none_is_an_error_and_the_next_call_works(
    pool: Pool, serve: Any, broken: Handler
) -> None:
    connection, _ = connect(pool, await serve(Scripted(broken, well).answer))
    with pytest.raises((ServerError, ServerGone)) as failure:
        await call(connection, "x")
    assert "hush" not in str(failure.value)
    assert await call(connection, "x") == "well"


async def test_headers_and_the_token_go_with_every_request(pool: Pool, serve: Any) -> None:
    scripted = Scripted(well)
    connection, _ = connect(
        pool,
        await serve(scripted.answer),
        {"TOKEN": "t-1", "OTHER": "o-1"},
        http_headers={"X-Plain": "p"},
        env_http_headers={"X-Other": "OTHER"},
        bearer_token_env_var="TOKEN",
    )
    await call(connection, "x")
    posts = [headers for headers in scripted.headers if "content-length" in headers]
    assert len(posts) >= 4
    for headers in posts:
        assert (headers["authorization"], headers["x-plain"], headers["x-other"]) == ("Bearer t-1", "p", "o-1")


async def test_a_missing_token_is_told_and_nothing_is_sent(pool: Pool, serve: Any) -> None:
    scripted = Scripted()
    connection, _ = connect(pool, await serve(scripted.answer), {}, bearer_token_env_var="TOKEN")
    with pytest.raises(StartupFailed, match="TOKEN is not set"):
        await connection.ready()
    assert not scripted.seen


async def test_a_server_that_wants_a_login_says_so(pool: Pool, serve: Any) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=401)

    connection, _ = connect(pool, await serve(refuse))
    with pytest.raises(StartupFailed) as failure:
        await connection.ready()
    assert failure.value.login
    assert connection.state == "failed"


async def test_nobody_at_the_address(pool: Pool) -> None:
    connection, _ = connect(pool, "http://127.0.0.1:1/mcp")
    with pytest.raises(StartupFailed) as failure:
        await connection.ready()
    assert not failure.value.login
    assert "Connect" in str(failure.value)


async def test_a_server_that_never_answers(pool: Pool, serve: Any) -> None:
    import asyncio

    forever = asyncio.Event()

    async def stall(_: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    connection, _ = connect(pool, await serve(stall), startup_timeout_sec=0.3)
    with pytest.raises(StartupTimeout):
        await connection.ready()
    forever.set()
