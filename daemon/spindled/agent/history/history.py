"""What the model is told of the past: Responses items, and the invariants that every request needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from spindled.store.ids import new_id

Item = dict[str, Any]
Pair = tuple[str, str]

SEARCH = "tool_search_call"  # for tools that a request does not list

OUTPUT_OF = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "local_shell_call": "function_call_output",
    SEARCH: "tool_search_output",
}
OUTPUTS = frozenset(OUTPUT_OF.values())
ABORTED = "aborted"


class History:
    """The items of a thread. What it begins with is read when somebody first looks at `items`."""

    def __init__(self, stored: Iterable[Item] = ()):
        self._stored = stored
        self.begun_with = 0
        """How many items it began with, once they have been read."""

    @cached_property
    def items(self) -> list[Item]:
        """Oldest first."""
        found = list(repaired(self._stored))
        self._stored = ()
        self.begun_with = len(found)
        return found

    @cached_property
    def _called(self) -> set[str]:
        return call_ids(self.items)

    def extend(self, items: Iterable[Item]) -> None:
        self.items.extend(items)

    def replace(self, items: Iterable[Item]) -> None:
        """Go on from other items; call ids that were used stay used."""
        self._called |= call_ids(self.items)
        self.items = list(items)

    def unique_call(self, call: Item) -> Item:
        """The call under an id of its own: some providers send none, or count from zero in every response."""
        call_id = call.get("call_id")
        if not isinstance(call_id, str) or not call_id or call_id in self._called:
            call_id = f"call_{new_id()}"
            call = {**call, "call_id": call_id}
        self._called.add(call_id)
        return call

    def for_request(self) -> list[Item]:
        """A copy in which every call has exactly one output and every output its call."""
        return list(repaired(self.items))


def repaired(items: Iterable[Item]) -> Iterator[Item]:
    """Every call followed by exactly one output; outputs without a call and second outputs are left out.

    Calls of one response may stand together before their outputs; a call whose output is missing, because the
    process died or the turn was cut, gets an "aborted" one right behind it. A call without an id cannot be answered
    and is left out.
    """
    items = list(items)
    pending = answered_calls(items)
    called: set[Pair | None] = set()
    for item in items:
        kind, pair = item.get("type"), pair_of(item)
        if kind in OUTPUT_OF:
            if pair is not None and pair not in called:
                called.add(pair)
                yield item
                if pair not in pending:
                    yield output_item(item, ABORTED)
        elif kind in OUTPUTS:
            if pair in called and pair in pending:
                pending.discard(pair)
                yield item
        else:
            yield item


def call_ids(items: Iterable[Item]) -> set[str]:
    """Of calls in a history that is repaired."""
    return {item["call_id"] for item in items if item.get("type") in OUTPUT_OF}


def answered_calls(items: Iterable[Item]) -> set[Pair | None]:
    """What ties those calls to their output that an output of their kind follows."""
    called: set[Pair | None] = set()
    answered: set[Pair | None] = set()
    for item in items:
        if item.get("type") in OUTPUT_OF:
            called.add(pair_of(item))
        elif item.get("type") in OUTPUTS and pair_of(item) in called:
            answered.add(pair_of(item))
    return answered


def pair_of(item: Item) -> Pair | None:
    """The kind of output and the call id that a call and its output share; None without an id."""
    kind, call_id = str(item.get("type")), item.get("call_id")
    return (OUTPUT_OF.get(kind, kind), call_id) if isinstance(call_id, str) and call_id else None


def output_item(call: Item, content: str | list[Item]) -> Item:
    """The output that belongs to a call item. A search for tools finds none: every request lists them all."""
    if call["type"] == SEARCH:
        return {
            "type": OUTPUT_OF[SEARCH],
            "call_id": call["call_id"],
            "status": "completed",
            "execution": "client",
            "tools": [],
        }
    return {"type": OUTPUT_OF[call["type"]], "call_id": call["call_id"], "output": content}


def message_text(item: Item) -> str:
    """The text of a message item."""
    content = item.get("content")
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(part.get("text", "") or part.get("refusal", "") for part in content)
