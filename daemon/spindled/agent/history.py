"""What the model is told of the past: Responses items, and the invariants that every request needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Item = dict[str, Any]

OUTPUT_OF = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "local_shell_call": "function_call_output",
}
OUTPUTS = frozenset(OUTPUT_OF.values())
ABORTED = "aborted"


class History:
    """The items of a thread, oldest first."""

    def __init__(self, items: Iterable[Item] = ()):
        self.items: list[Item] = list(repaired(items))

    def extend(self, items: Iterable[Item]) -> None:
        self.items.extend(items)

    def for_request(self) -> list[Item]:
        """A copy in which every call has exactly one output and every output its call."""
        return list(repaired(self.items))


def repaired(items: Iterable[Item]) -> Iterator[Item]:
    """Every call followed by exactly one output; outputs without a call and second outputs are left out.

    Calls of one response may stand together before their outputs; a call whose output is missing, because the
    process died or the turn was cut, gets an "aborted" one right behind it.
    """
    items = list(items)
    pending = answered_calls(items)
    called: set[str | None] = set()
    for item in items:
        kind, call_id = item.get("type"), item.get("call_id")
        if kind in OUTPUT_OF:
            if call_id not in called:
                called.add(call_id)
                yield item
                if call_id not in pending:
                    yield output_item(item, ABORTED)
        elif kind in OUTPUTS:
            if call_id in called and call_id in pending:
                pending.discard(call_id)
                yield item
        else:
            yield item


def answered_calls(items: Iterable[Item]) -> set[str | None]:
    """The ids of calls that an output follows."""
    called: set[str | None] = set()
    answered: set[str | None] = set()
    for item in items:
        if item.get("type") in OUTPUT_OF:
            called.add(item.get("call_id"))
        elif item.get("type") in OUTPUTS and item.get("call_id") in called:
            answered.add(item.get("call_id"))
    return answered


def output_item(call: Item, content: str | list[Item]) -> Item:
    """The output that belongs to a call item."""
    return {"type": OUTPUT_OF[call["type"]], "call_id": call["call_id"], "output": content}


def message_text(item: Item) -> str:
    """The text of a message item."""
    content = item.get("content")
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(part.get("text", "") or part.get("refusal", "") for part in content)
