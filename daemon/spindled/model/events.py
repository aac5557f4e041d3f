"""What a model's stream tells, one Struct per kind of event.

Of every item the consumer sees `ItemAdded` first, then its deltas, then `ItemDone` once it is complete; `ItemDone`s
come in output order. All events of one item carry the same id. The last event is `Completed` or `Incomplete`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

Item: TypeAlias = dict[str, Any]


class Usage(Struct, frozen=True, gc=False):
    """Tokens of one response, as the provider counted them."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0
    total_tokens: int = 0


class ItemAdded(Struct):
    """The model began an item of its output."""

    item: Item


class TextDelta(Struct, gc=False):
    """More text of a message; a refusal is text too."""

    item_id: str
    delta: str


class SummaryPartAdded(Struct, gc=False):
    """Part `index` of a reasoning summary begins."""

    item_id: str
    index: int


class SummaryDelta(Struct, gc=False):
    """More text of part `index` of a reasoning summary."""

    item_id: str
    index: int
    delta: str


class ReasoningDelta(Struct, gc=False):
    """More text of part `index` of raw reasoning."""

    item_id: str
    index: int
    delta: str


class ItemDone(Struct):
    """An item is complete; a tool call in it may run."""

    item: Item


class Completed(Struct):
    """The response is whole. `end_turn`: whether the model is through with the turn, None if nothing is said of it."""

    response_id: str
    usage: Usage | None = None
    end_turn: bool | None = None


class Incomplete(Struct):
    """The response ends early. `lost_calls`: names of the tool calls that were begun and must not run."""

    response_id: str
    usage: Usage | None = None
    reason: str = "unknown"
    lost_calls: list[str] = []


ModelEvent: TypeAlias = (
    ItemAdded | TextDelta | SummaryPartAdded | SummaryDelta | ReasoningDelta | ItemDone | Completed | Incomplete
)
