"""OAuth for servers, by the `mcp` library. Imported through `library` only."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from spindled.mcp.credentials import Credentials, Grant
from spindled.mcp.errors import StartupFailed

if TYPE_CHECKING:
    from spindled.config.mcp import McpServer
    from spindled.mcp.launch import Launch

NOWHERE = "http://127.0.0.1/callback"  # where nobody is sent: a connection does not ask the user to log in
LOGIN_NEEDED = "it wants a login (mcpServer/oauth/login)"

Redirect = Callable[[str], Awaitable[None]]
Callback = Callable[[], Awaitable[AuthorizationCodeResult]]


class Keeper:
    """The library's storage over a Grant. What it gets is written down at once."""

    def __init__(self, launch: Launch, credentials: Credentials, fresh: bool):
        """`fresh`: forget what is stored, as a new login does."""
        assert launch.server.url is not None
        self._name = launch.name
        self._credentials = credentials
        known = None if fresh else credentials.of(launch.name, launch.server.url)
        self.grant = known or Grant(url=launch.server.url)
        self.provider: OAuthClientProvider | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return OAuthToken.model_validate(self.grant.tokens) if self.grant.tokens else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.grant.tokens = tokens.model_dump(mode="json", exclude_none=True)
        self.grant.expires_at = None if tokens.expires_in is None else time.time() + tokens.expires_in
        metadata = self.provider.context.oauth_metadata if self.provider else None
        if metadata is not None:
            self.grant.metadata = metadata.model_dump(mode="json", exclude_none=True)
        self._credentials.save(self._name, self.grant)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return OAuthClientInformationFull.model_validate(self.grant.client) if self.grant.client else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.grant.client = client_info.model_dump(mode="json", exclude_none=True)


def stored_login(launch: Launch, credentials: Credentials) -> OAuthClientProvider | None:
    """Authorizes requests by an earlier login, renewed as needed; None if there was none."""
    assert launch.server.url is not None
    grant = credentials.of(launch.name, launch.server.url)
    if grant is None or grant.tokens is None:
        return None

    async def refuse(_: str) -> None:
        raise StartupFailed(LOGIN_NEEDED, login=True)

    async def nobody() -> AuthorizationCodeResult:
        raise StartupFailed(LOGIN_NEEDED, login=True)

    return provider(launch, Keeper(launch, credentials, fresh=False), NOWHERE, None, refuse, nobody)


def provider(
    launch: Launch,
    keeper: Keeper,
    redirect_uri: str,
    scopes: list[str] | None,
    redirect: Redirect,
    callback: Callback,
) -> OAuthClientProvider:
    server = launch.server
    assert server.url is not None
    scope = " ".join(scopes or server.scopes) or None
    metadata = OAuthClientMetadata(redirect_uris=[AnyUrl(redirect_uri)], client_name="spindled", scope=scope)
    if keeper.grant.client is None:
        keeper.grant.client = known_client(server, redirect_uri)
    made = OAuthClientProvider(server.oauth_resource or server.url, metadata, keeper, redirect, callback)
    keeper.provider = made
    made.context.token_expiry_time = keeper.grant.expires_at
    if keeper.grant.metadata is not None:
        made.context.oauth_metadata = OAuthMetadata.model_validate(keeper.grant.metadata)
    return made


def known_client(server: McpServer, redirect_uri: str) -> dict[str, object] | None:
    """A client that was registered by hand, as the library stores one."""
    if server.oauth is None or server.oauth.client_id is None:
        return None
    return {
        "client_id": server.oauth.client_id,
        "redirect_uris": [redirect_uri],
        "token_endpoint_auth_method": "none",
    }
