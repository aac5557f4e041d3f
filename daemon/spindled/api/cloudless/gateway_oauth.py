"""account/gatewayOAuth/*: providers that are logged in to in a browser. None of ours is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import GatewayOAuthReadResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.schema import Provider
    from spindled_protocol.types import GatewayOAuthLoginParams, GatewayOAuthReadParams


@handler
def gateway_oauth_read(session: Session, params: GatewayOAuthReadParams) -> GatewayOAuthReadResponse:
    provider = named_provider(session, either(params.modelProvider, None))
    return GatewayOAuthReadResponse(
        providerId=provider.id, providerName=provider.name, required=False, supportsDeviceAuth=False
    )


@handler
def gateway_oauth_login(session: Session, params: GatewayOAuthLoginParams) -> None:
    named_provider(session, either(params.modelProvider, None))
    raise RpcError(INVALID_REQUEST, "The selected provider does not use gateway OAuth")


def named_provider(session: Session, key: str | None) -> Provider:
    """The provider of that id, else the one in use; raises RpcError."""
    config = session.application.config(working_directory(None))
    provider = config.provider if key is None else config.providers.get(key)
    if provider is None:
        data = {"type": "modelProviderNotConfigured", "modelProvider": key}
        raise RpcError(INVALID_REQUEST, f"The model provider `{key}` is not configured.", data)
    return provider
