"""What a client may call, and when: the handshake first, experimental parts only if it asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spindled.rpc.connection import Client
from spindled.rpc.envelope import ABSENT
from spindled.rpc.errors import INVALID_REQUEST, RpcError

if TYPE_CHECKING:
    from spindled_protocol.methods import Method

__all__ = ["check_fields", "check_method"]

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NOT_GIVEN = (b"null", b"false")
# Members of stable fields, in any method, and what they are called when they are refused; {} is the method.
_MEMBERS = {
    "approvalPolicy": {"granular": "askForApproval.granular"},
    "deferOutput": {
        "commandExecution": "{}.deferOutput.commandExecution",
        "mcpToolCall": "{}.deferOutput.mcpToolCall",
    },
}


def check_method(method: Method, client: Client) -> None:
    """Raises RpcError for an experimental method that the client must not know."""
    if method.experimental and not client.experimental:
        raise _experimental(method.name)


def check_fields(method: Method, params: msgspec.Raw, client: Client) -> None:
    """Raises RpcError for an experimental field that is given a value. Malformed params are left to the decoder."""
    if client.experimental or params is ABSENT:
        return
    try:
        given = _members(params)
    except (ValueError, RecursionError):
        return
    for field in method.experimental_fields:
        if field in given and bytes(given[field]) not in _NOT_GIVEN:
            raise _experimental(f"{method.name}.{field}")
    for field, members in _MEMBERS.items():
        if bytes(given.get(field, b"")).lstrip()[:1] == b"{":
            within = _members(given[field])
            for member, called in members.items():
                if member in within and bytes(within[member]) not in _NOT_GIVEN:
                    raise _experimental(called.format(method.name))


def _experimental(what: str) -> RpcError:
    return RpcError(INVALID_REQUEST, f"{what} requires experimentalApi capability")
