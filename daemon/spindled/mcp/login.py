"""Logging in to a server: its authorization server sends the user's browser back to a port of ours.

Imported through `library.login_module` only.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthFlowError, OAuthRegistrationError, OAuthTokenError
from mcp.shared.auth import AuthorizationCodeResult

from spindled.mcp.auth import Keeper, provider
from spindled.mcp.errors import McpError

if TYPE_CHECKING:
    from spindled.mcp.credentials import Credentials
    from spindled.mcp.launch import Launch

HOST = "127.0.0.1"
PATH = "/callback"
MOST_BYTES = 16 * 1024  # of a request to the callback
REQUEST_SECONDS = 30.0
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "spindled", "version": "0"}},
}
HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}


class LoginFailed(McpError):
    """The text is for the user; no code and no token is in it."""


class Login:
    """One attempt. `url` is where the user has to go; `run` ends with the tokens stored."""

    def __init__(self, launch: Launch, credentials: Credentials, scopes: list[str] | None, port: int | None):
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._launch = launch
        self._credentials = credentials
        self._scopes = scopes
        self._port = port
        self._returned: asyncio.Future[AuthorizationCodeResult] = asyncio.get_running_loop().create_future()

    async def run(self, seconds: float) -> None:
        """Raises LoginFailed; `url` has failed with it, too, if nobody was asked yet."""
        try:
            async with asyncio.timeout(seconds):
                await self._run()
        except TimeoutError:
            raise self._failed(f"nobody logged in within {seconds:g} s") from None
        except LoginFailed as error:
            raise self._failed(str(error)) from error
        except asyncio.CancelledError:
            self._failed("the login was given up")
            raise
        except OSError as error:
            raise self._failed(f"the callback cannot be served: {error.strerror}") from error

    async def _run(self) -> None:
        server = self._launch.server
        assert server.url is not None
        async with self._callback() as redirect_uri:
            keeper = Keeper(self._launch, self._credentials, fresh=True)
            auth = provider(self._launch, keeper, redirect_uri, self._scopes, self._ask, self._come_back)
            timeout = httpx2.Timeout(REQUEST_SECONDS)
            async with httpx2.AsyncClient(headers=self._launch.headers, auth=auth, timeout=timeout) as client:
                status = await self._knock(client, server.url)
        if keeper.grant.tokens is None:
            raise LoginFailed(f"the server did not ask for a login: it answered with status {status}")

    async def _knock(self, client: httpx2.AsyncClient, url: str) -> int:
        """A first request: that it is refused begins the login."""
        try:
            async with client.stream("POST", url, json=INITIALIZE, headers=HEADERS) as response:
                return response.status_code
        except OAuthRegistrationError as error:
            raise LoginFailed("the authorization server does not register clients: set oauth.client_id") from error
        except OAuthTokenError as error:
            raise LoginFailed("the authorization server gave no token") from error
        except OAuthFlowError as error:
            raise LoginFailed("the answer of the authorization server does not fit") from error
        except (httpx2.HTTPError, ValueError) as error:
            raise LoginFailed(f"{type(error).__name__}: the server cannot be reached") from error

    async def _ask(self, url: str) -> None:
        if not self.url.done():
            self.url.set_result(url)

    async def _come_back(self) -> AuthorizationCodeResult:
        return await self._returned

    def _failed(self, text: str) -> LoginFailed:
        if not self.url.done():
            self.url.set_exception(LoginFailed(text))
            self.url.exception()
        return LoginFailed(text)

    # -- the port that the browser comes to

    @asynccontextmanager
    async def _callback(self) -> AsyncGenerator[str, None]:
        server = await asyncio.start_server(self._serve, HOST, self._port or 0, limit=MOST_BYTES)
        try:
            yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}{PATH}"
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, text = self._came(head)
                body = page(text)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
                    "Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _came(self, head: bytes) -> tuple[str, str]:
        line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        target = urlsplit(line[1]) if len(line) == 3 and line[0] == "GET" else None
        if target is None or target.path != PATH:
            return "404 Not Found", "There is nothing here."
        given = {name: values[0] for name, values in parse_qs(target.query).items()}
        if self._returned.done():
            return "409 Conflict", "This login has ended."
        if "error" in given:
            self._returned.set_exception(LoginFailed(f"the authorization server refused: {given['error'][:100]}"))
            self._returned.exception()
            return "200 OK", "The login was refused. This page can be closed."
        if "code" not in given:
            return "400 Bad Request", "This is not the end of a login."
        self._returned.set_result(
            AuthorizationCodeResult(code=given["code"], state=given.get("state"), iss=given.get("iss"))
        )
        return "200 OK", "The login went through. This page can be closed."


def page(text: str) -> bytes:
    return f"<!doctype html><title>spindled</title><p>{html.escape(text)}</p>".encode()
