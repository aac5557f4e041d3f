"""A real MCP server, by the server side of the `mcp` library: `python mcp_server.py stdio|http|login`.

Over HTTP it prints its port. With `login` it wants a token of its own authorization server, which asks nobody.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import time
from typing import Any

import anyio
import uvicorn
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp_types import ToolAnnotations
from pydantic import AnyHttpUrl, BaseModel

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf50ff1f000501027f"
    "0b9f5fd40000000049454e44ae426082"
)
READING = ToolAnnotations(read_only_hint=True)


class Name(BaseModel):
    name: str


class Sum(BaseModel):
    total: int


def offered(server: MCPServer[Any]) -> None:
    @server.tool(annotations=READING, structured_output=False)
    def echo(text: str) -> str:
        """Say it again."""
        return text

    @server.tool(annotations=READING)
    def add(a: int, b: int) -> Sum:
        """Add two numbers."""
        return Sum(total=a + b)

    @server.tool(annotations=READING, structured_output=False)
    def picture() -> Image:
        """Show a picture."""
        return Image(data=PNG, format="png")

    @server.tool(structured_output=False)
    def write(text: str) -> str:
        """Change something."""
        return f"wrote {text}"

    @server.tool(annotations=READING, structured_output=False)
    async def count(context: Context) -> str:
        """Count to three, and say so."""
        for number in (1, 2, 3):
            await context.report_progress(number, 3, f"{number} of 3")
        return "counted"

    @server.tool(annotations=READING, structured_output=False)
    async def greet(context: Context) -> str:
        """Ask for a name."""
        answer = await context.elicit("What is your name?", Name)
        return f"hello {answer.data.name}" if answer.action == "accept" else f"no name: {answer.action}"

    @server.tool(annotations=READING, structured_output=False)
    def process() -> str:
        """Who is it, and what does it know?"""
        return json.dumps({"pid": os.getpid(), "cwd": os.getcwd(), "environment": dict(os.environ)})

    @server.resource("note://one", mime_type="text/plain")
    def one() -> str:
        """The first note."""
        return "first"

    @server.resource("note://by/{author}", mime_type="text/plain")
    def by(author: str) -> str:
        """The notes of somebody."""
        return f"by {author}"


class Authorization:
    """Lets everybody in. Access tokens last as long as TOKEN_SECONDS says."""

    def __init__(self) -> None:
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.refreshes: dict[str, RefreshToken] = {}
        self.tokens: dict[str, AccessToken] = {}

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        assert client_info.client_id
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        code = secrets.token_hex(20)
        self.codes[code] = AuthorizationCode(
            code=code,
            client_id=str(client.client_id),
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        return construct_redirect_uri(str(params.redirect_uri), code=code, state=params.state)

    async def load_authorization_code(self, client: OAuthClientInformationFull, code: str) -> AuthorizationCode | None:
        return self.codes.get(code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, code: AuthorizationCode
    ) -> OAuthToken:
        del self.codes[code.code]
        return self._issued(client, code.scopes)

    async def load_refresh_token(self, client: OAuthClientInformationFull, token: str) -> RefreshToken | None:
        return self.refreshes.get(token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        del self.refreshes[token.token]
        return self._issued(client, scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.tokens.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.tokens.pop(token.token, None)

    def _issued(self, client: OAuthClientInformationFull, scopes: list[str]) -> OAuthToken:
        seconds = int(os.environ.get("TOKEN_SECONDS", "3600"))
        access, refresh = f"access-{secrets.token_hex(20)}", f"refresh-{secrets.token_hex(20)}"
        client_id = str(client.client_id)
        self.tokens[access] = AccessToken(
            token=access, client_id=client_id, scopes=scopes, expires_at=int(time.time()) + seconds
        )
        self.refreshes[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes)
        return OAuthToken(access_token=access, token_type="Bearer", expires_in=seconds, refresh_token=refresh)


async def serve(kind: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    more: dict[str, Any] = {}
    if kind == "login":
        more["auth_server_provider"] = Authorization()
        more["auth"] = AuthSettings(
            issuer_url=AnyHttpUrl(url),
            resource_server_url=AnyHttpUrl(f"{url}/mcp"),
            client_registration_options=ClientRegistrationOptions(enabled=True),
            validate_token_resource=False,
        )
    server = MCPServer("real", instructions="A server for tests.", log_level="CRITICAL", **more)
    offered(server)
    http = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="critical"))
    print(url, flush=True)
    await http.serve(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        stdio = MCPServer("real", instructions="A server for tests.", log_level="CRITICAL")
        offered(stdio)
        stdio.run()
    else:
        anyio.run(serve, sys.argv[1])
