"""What providers want back of their reasoning, as a Responses client keeps it: text that only this endpoint reads.

The adapters' own form must not leave the gateway as it is: a client of ours would take it for its own and hold it back.
"""

from __future__ import annotations

import base64
import binascii

from spindled.model.events import Item
from spindled.model.sealed import CARRIED, PREFIX


def outward(item: Item) -> Item:
    """An item of the model's output for the client."""
    content = item.get("encrypted_content")
    if not isinstance(content, str) or not content.startswith(PREFIX):
        return item
    return {**item, "encrypted_content": CARRIED + base64.b64encode(content.encode()).decode()}


def inward(item: Item) -> Item:
    """An item of the client's history for the adapters; what cannot be read is left as it is."""
    content = item.get("encrypted_content")
    if not isinstance(content, str) or not content.startswith(CARRIED):
        return item
    try:
        plain = base64.b64decode(content.removeprefix(CARRIED), validate=True).decode()
    except (binascii.Error, ValueError):
        return item
    return {**item, "encrypted_content": plain} if plain.startswith(PREFIX) else item
