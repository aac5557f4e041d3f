"""`initialize`, as far as the wire of agents is concerned: who the client is and what it does itself."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from spindled.faces.server_info import is_header_value
from spindled.rpc.envelope import ABSENT

__all__ = ["Hello", "read_hello"]

UNNAMED = "language-client"


class OurPart(msgspec.Struct):
    """Under `capabilities.experimental.spindled`, or `initializationOptions.spindled` where a client has only that."""

    ui: bool = False
    experimentalApi: bool = False
    optOutNotificationMethods: list[str] = []


class Experimental(msgspec.Struct):
    spindled: OurPart | None = None


class Capabilities(msgspec.Struct):
    experimental: Experimental | None = None
    experimentalApi: bool = False  # as the wire's own `initialize` has it
    optOutNotificationMethods: list[str] | None = None


class ClientInfo(msgspec.Struct):
    name: str = ""
    version: str | None = None
    title: str | None = None


class Params(msgspec.Struct):
    processId: int | None = None
    clientInfo: ClientInfo | None = None
    capabilities: Capabilities | None = None
    initializationOptions: Experimental | None = None


class Hello(NamedTuple):
    """`wire`: the params of the wire's `initialize` that say the same. `ui`: shows turns and approvals itself."""

    wire: bytes
    ui: bool = False
    process_id: int | None = None


def read_hello(params: bytes | msgspec.Raw) -> Hello:
    """Never fails: what is odd counts as not said, and the language server's own decoding complains about it."""
    told = _leniently(params)
    capabilities = told.capabilities or Capabilities()
    ours = _first(capabilities.experimental, told.initializationOptions)
    info = told.clientInfo or ClientInfo()
    named = info.name if info.name and is_header_value(info.name) else UNNAMED
    wire = {
        "clientInfo": {"name": named, "version": info.version or "", "title": info.title},
        "capabilities": {
            "experimentalApi": ours.experimentalApi or capabilities.experimentalApi,
            "optOutNotificationMethods": [
                *ours.optOutNotificationMethods,
                *(capabilities.optOutNotificationMethods or ()),
            ],
        },
    }
    return Hello(msgspec.json.encode(wire), ours.ui, told.processId)


def _first(*places: Experimental | None) -> OurPart:
    return next((place.spindled for place in places if place and place.spindled), OurPart())


def _leniently(params: bytes | msgspec.Raw) -> Params:
    """The members that are as they must be, one by one."""
    if params is ABSENT:
        return Params()
    try:
        members = msgspec.json.decode(params, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return Params()
    told = Params()
    for field in msgspec.structs.fields(Params):
        if field.name in members:
            try:
                setattr(told, field.name, msgspec.json.decode(members[field.name], type=field.type))
            except (msgspec.DecodeError, RecursionError):
                continue
    return told
