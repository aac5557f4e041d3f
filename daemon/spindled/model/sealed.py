"""State of a provider's reasoning, kept in the `encrypted_content` of a reasoning item.

A Responses provider puts there what only it can read. The other APIs have signatures, redacted blocks or the name of a
field to give back: those are JSON behind a prefix, with the provider and the API they came from, and go back to no
other. Items so marked are never sent to a Responses provider, and its own are never sent to the others.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .events import Item

PREFIX = "spindled-sealed:"
CARRIED = "spindled-gateway:"  # as a gateway of ours gives it to its clients
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Any])


class Seal(msgspec.Struct, frozen=True):
    """One provider under one API: `wire` is the `wire_api` of its settings."""

    provider: str
    wire: str

    def close(self, state: dict[str, Any]) -> str:
        """The `encrypted_content` for this state."""
        return PREFIX + _encoder.encode({"provider": self.provider, "wire": self.wire, "state": state}).decode()

    def open(self, item: Item) -> dict[str, Any] | None:
        """The state in a reasoning item, None if it is not of this provider and API."""
        if not is_sealed(item):
            return None
        try:
            content = _decoder.decode(item["encrypted_content"].removeprefix(PREFIX))
        except msgspec.DecodeError:
            return None
        if (content.get("provider"), content.get("wire")) != (self.provider, self.wire):
            return None
        state = content.get("state")
        return state if isinstance(state, dict) else None


def is_sealed(item: Item) -> bool:
    """Whether an item is reasoning that came over another API than Responses."""
    content = item.get("encrypted_content")
    return isinstance(content, str) and content.startswith(PREFIX)


def may_stand_last(item: Item) -> bool:
    """Whether reasoning can end a response: some of what these APIs want back comes behind the answer. A Responses
    provider refuses its own reasoning where nothing follows it."""
    content = item.get("encrypted_content")
    return isinstance(content, str) and content.startswith((PREFIX, CARRIED))
