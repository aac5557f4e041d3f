"""Logging in: a real authorization server, a browser that is a few lines, and what it must not do."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from spindled.config.mcp import McpServer
from spindled.mcp.connection import Connection
from spindled.mcp.credentials import FOLDER, Credentials
from spindled.mcp.errors import StartupFailed
from spindled.mcp.launch import Launch, launch
from spindled.mcp.login import Login, LoginFailed
from spindled.mcp.pool import Pool
from tests.support.mcp_http import http_server
from tests.unit.mcp.conftest import Watched

pytestmark = pytest.mark.timeout(120)  # each server loads a large library, on cores that are shared


def launched(url: str) -> Launch:
    return launch("web", McpServer(url=url), Path("/"), os.environ)


def connect(pool: Pool, url: str) -> Connection:
    return pool.lease(launched(url), Watched()).connection


async def visit(url: str) -> tuple[int, str]:
    """As a browser does that follows every redirect."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def log_in(credentials: Credentials, url: str, scopes: list[str] | None = None) -> str:
    login = Login(launched(url), credentials, scopes, None)
    running = asyncio.ensure_future(login.run(20))
    where = await login.url
    status, text = await visit(where)
    assert (status, "went through" in text) == (200, True)
    await running
    return where


async def test_a_login_opens_the_server(pool: Pool, credentials: Credentials, tmp_path: Path) -> None:
    async with http_server("login") as server:
        with pytest.raises(StartupFailed) as failure:
            await connect(pool, server.url).ready()
        assert failure.value.login
        where = await log_in(credentials, server.url)
        query = parse_qs(urlsplit(where).query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"][0].startswith("http://127.0.0.1:")
        fresh = Pool(credentials, os.environ)
        connection = connect(fresh, server.url)
        result = await connection.request("tools/call", {"name": "echo", "arguments": {"text": "in"}})
        assert result["content"][0]["text"] == "in"
        assert connection.logged_in
        await fresh.close()
    (file,) = (tmp_path / FOLDER).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_token_that_has_run_out_is_renewed_without_the_user(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_server("login", **os.environ) as server:
        await log_in(credentials, server.url)
        grant = credentials.of("web", server.url)
        assert grant is not None
        assert grant.tokens is not None
        before = grant.tokens["access_token"]
        grant.expires_at = time.time() - 1
        credentials.save("web", grant)
        pool = Pool(credentials, os.environ)
        await connect(pool, server.url).ready()
        await pool.close()
        after = credentials.of("web", server.url)
        assert after is not None
        assert after.tokens is not None
        assert after.tokens["access_token"] != before
        assert after.expires_at is not None
        assert after.expires_at > time.time()


async def test_a_login_that_was_revoked_asks_for_another_and_not_the_browser(credentials: Credentials) -> None:
    async with http_server("login") as server:
        await log_in(credentials, server.url)
        grant = credentials.of("web", server.url)
        assert grant is not None
        grant.tokens = {"access_token": "revoked", "token_type": "Bearer"}
        credentials.save("web", grant)
        pool = Pool(credentials, os.environ)
        with pytest.raises(StartupFailed) as failure:
            await connect(pool, server.url).ready()
        assert failure.value.login
        await pool.close()


async def test_a_server_that_wants_no_login(credentials: Credentials) -> None:
    async with http_server("http") as server:
        login = Login(launched(server.url), credentials, None, None)
        with pytest.raises(LoginFailed, match="did not ask for a login"):
            await login.run(20)
        with pytest.raises(LoginFailed):
            await login.url


async def test_nobody_comes_back(credentials: Credentials) -> None:
    async with http_server("login") as server:
        login = Login(launched(server.url), credentials, None, None)
        running = asyncio.ensure_future(login.run(0.8))
        with pytest.raises(LoginFailed, match=r"within 0\.8 s"):
            await running
    assert credentials.of("web", server.url) is None


async def test_nobody_is_there(credentials: Credentials) -> None:
    login = Login(launched("http://127.0.0.1:1/mcp"), credentials, None, None)
    with pytest.raises(LoginFailed, match="cannot be reached"):
        await login.run(20)


@pytest.mark.parametrize(
    ("target", "status"),
    [("/callback", 400), ("/callback?error=access_denied", 200), ("/callback?code=c&state=wrong", 200), ("/", 404)],
)
async def test_a_callback_that_is_not_the_end_of_this_login(credentials: Credentials, target: str, status: int) -> None:
    async with http_server("login") as server:
        login = Login(launched(server.url), credentials, None, None)
        running = asyncio.ensure_future(login.run(20))
        query = parse_qs(urlsplit(await login.url).query)
        came, text = await visit(query["redirect_uri"][0].removesuffix("/callback") + target)
        assert came == status
        assert "went through" not in text or "code=" in target
        if status == 200:
            with pytest.raises(LoginFailed):
                await running
        else:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
    assert credentials.of("web", server.url) is None


async def test_the_page_shows_nothing_that_it_was_given(credentials: Credentials) -> None:
    async with http_server("login") as server:
        login = Login(launched(server.url), credentials, None, None)
        running = asyncio.ensure_future(login.run(20))
        query = parse_qs(urlsplit(await login.url).query)
        _, text = await visit(f"{query['redirect_uri'][0]}?error=<script>alert(1)</script>")
        assert "script" not in text
        with pytest.raises(LoginFailed):
            await running
