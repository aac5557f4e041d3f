"""`initialize`: who the client is."""

from __future__ import annotations

import msgspec

from spindled.faces.server_info import is_header_value
from spindled.rpc.connection import Client
from spindled.rpc.envelope import ABSENT
from spindled.rpc.errors import INVALID_REQUEST, RpcError, invalid_request
from spindled.rpc.validation import decode_params

__all__ = ["read_client"]

# The part of InitializeParams that is used here; the wire's own types would load a family before the first answer.


class ClientInfo(msgspec.Struct):
    name: str
    version: str
    title: str | None = None


class Capabilities(msgspec.Struct):
    experimentalApi: bool = False
    optOutNotificationMethods: list[str] | None = None


class Params(msgspec.Struct):
    clientInfo: ClientInfo
    capabilities: Capabilities | None = None


def read_client(params: msgspec.Raw) -> Client:
    """Raises RpcError."""
    if params is ABSENT:
        raise invalid_request("missing field `params`")
    told: Params = decode_params(msgspec.json.Decoder(Params), params)
    info, capabilities = told.clientInfo, told.capabilities or Capabilities()
    if not is_header_value(info.name):
        raise RpcError(INVALID_REQUEST, f"Invalid clientInfo.name: '{info.name}'. Must be a valid HTTP header value.")
    return Client(
        name=info.name,
        version=info.version,
        title=info.title,
        experimental=capabilities.experimentalApi,
        opt_out=frozenset(capabilities.optOutNotificationMethods or ()),
    )
