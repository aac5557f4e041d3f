"""What a client has to hear again that comes to a thread in the middle of a turn: the items that go on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["unfinished"]


class Item(msgspec.Struct):
    id: str


class Params(msgspec.Struct):
    item: Item | None = None
    itemId: str | None = None


class Event(msgspec.Struct):
    params: Params


_DECODER = msgspec.json.Decoder(Event)


def unfinished(events: Iterable[tuple[int, str, bytes]]) -> list[tuple[int, str, bytes]]:
    """Of these events of a thread, in their order, those of items that have begun and have not ended."""
    open_items: dict[str, list[tuple[int, str, bytes]]] = {}
    for number, method, frame in events:
        if not method.startswith("item/"):
            continue
        params = _DECODER.decode(frame).params
        item = params.item.id if params.item else params.itemId or ""
        if method == "item/started":
            open_items[item] = [(number, method, frame)]
        elif method == "item/completed":
            open_items.pop(item, None)
        elif item in open_items:
            open_items[item].append((number, method, frame))
    return sorted(event for events in open_items.values() for event in events)
