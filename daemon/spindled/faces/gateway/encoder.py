"""Model events -> the events of a Responses stream: the reverse of `model.assembler`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from functools import singledispatchmethod
from typing import Any

import msgspec

from spindled.faces.gateway.seals import outward
from spindled.model.errors import ModelError
from spindled.model.events import (
    Completed,
    Incomplete,
    Item,
    ItemAdded,
    ItemDone,
    ModelEvent,
    ReasoningDelta,
    SummaryDelta,
    SummaryPartAdded,
    TextDelta,
    Usage,
)

Json = dict[str, Any]
CALL_EVENTS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}
WITH_STATUS = ("message", *CALL_EVENTS)
_encode = msgspec.json.Encoder().encode


class Growing:
    """An item that was announced and is not done. `texts`: by kind of part and its number."""

    def __init__(self, item: Item, index: int):
        self.item = item
        self.at: Json = {"item_id": item["id"], "output_index": index}
        self.texts: dict[tuple[str, int], list[str]] = {}


class ResponseEncoder:
    """One response: `feed` in the order of the events, and `fail` if it comes to nothing.

    `echo`: the members of the request that a response repeats. `response` is the response object as it stands.
    """

    def __init__(self, echo: Json, response_id: str | None = None, created_at: int | None = None):
        self.response: Json = {
            "id": response_id or f"resp_{uuid.uuid4().hex}",
            "object": "response",
            "created_at": int(time.time()) if created_at is None else created_at,
            "status": "in_progress",
            "error": None,
            "incomplete_details": None,
            "output": [],
            "usage": None,
            **echo,
        }
        self._number = 0
        self._growing: dict[str, Growing] = {}
        self._output: dict[int, Item] = {}
        self._count = 0

    def feed(self, events: Iterable[ModelEvent]) -> bytes:
        """The events of these, after those that open the response; a terminal event is the last one."""
        return self._opening() + b"".join([self._tell(event) for event in events])

    def _opening(self) -> bytes:
        if self._number:
            return b""
        return self._event("response.created", response=self.response) + self._event(
            "response.in_progress", response=self.response
        )

    def discard(self) -> bytes:
        """Close what is left open of an attempt that does not count: no provider will want it back."""
        told = self._opening()
        for growing in list(self._growing.values()):
            summary = [_part("summary_text", text) for (kind, _), text in _texts(growing) if kind == "summary"]
            content = [_part("reasoning_text", text) for (kind, _), text in _texts(growing) if kind == "reasoning"]
            item = {**growing.item, "summary": summary, "status": "incomplete"}
            told += self._done({**item, "content": content} if content else item)
        return told

    def fail(self, error: ModelError, code: str) -> bytes:
        """The response ends in this error."""
        opening = self._opening()
        self._end("failed", error={"code": code, "message": str(error)})
        return opening + self._event("response.failed", response=self.response)

    # -- one event -----------------------------------------------------------------------------------------------

    @singledispatchmethod
    def _tell(self, event: Any) -> bytes:
        raise TypeError(type(event).__name__)

    @_tell.register
    def _(self, event: TextDelta) -> bytes:
        return self._text(self._growing[event.item_id], event.delta)

    def _text(self, growing: Growing, delta: str) -> bytes:
        at = {**growing.at, "content_index": 0}
        opened = b""
        if not growing.texts:
            opened = self._event("response.content_part.added", **at, part=_text_part(""))
        growing.texts.setdefault(("text", 0), []).append(delta)
        return opened + self._event("response.output_text.delta", **at, delta=delta, logprobs=[])

    @_tell.register
    def _(self, event: ReasoningDelta) -> bytes:
        growing = self._growing[event.item_id]
        at = {**growing.at, "content_index": event.index}
        opened = b""
        if ("reasoning", event.index) not in growing.texts:
            opened = self._event("response.content_part.added", **at, part=_part("reasoning_text", ""))
        growing.texts.setdefault(("reasoning", event.index), []).append(event.delta)
        return opened + self._event("response.reasoning_text.delta", **at, delta=event.delta)

    @_tell.register
    def _(self, event: SummaryPartAdded) -> bytes:
        growing = self._growing[event.item_id]
        growing.texts.setdefault(("summary", event.index), [])
        at = {**growing.at, "summary_index": event.index}
        return self._event("response.reasoning_summary_part.added", **at, part=_part("summary_text", ""))

    @_tell.register
    def _(self, event: SummaryDelta) -> bytes:
        growing = self._growing[event.item_id]
        growing.texts.setdefault(("summary", event.index), []).append(event.delta)
        at = {**growing.at, "summary_index": event.index}
        return self._event("response.reasoning_summary_text.delta", **at, delta=event.delta)

    @_tell.register
    def _(self, event: ItemAdded) -> bytes:
        item = event.item
        if item.get("type") in WITH_STATUS:
            item = {**item, "status": "in_progress"}
        growing = self._growing[item["id"]] = Growing(item, self._count)
        self._count += 1
        return self._event("response.output_item.added", output_index=growing.at["output_index"], item=item)

    @_tell.register
    def _(self, event: ItemDone) -> bytes:
        return self._done(outward(event.item))

    @_tell.register
    def _(self, event: Completed) -> bytes:
        more = {} if event.end_turn is None else {"end_turn": event.end_turn}
        self._end("completed", usage=_usage(event.usage), **more)
        return self._event("response.completed", response=self.response)

    @_tell.register
    def _(self, event: Incomplete) -> bytes:
        self._end("incomplete", usage=_usage(event.usage), incomplete_details={"reason": event.reason})
        return self._event("response.incomplete", response=self.response)

    # -- the end of an item, and of all --------------------------------------------------------------------------

    def _done(self, item: Item) -> bytes:
        growing = self._growing.pop(item["id"])
        kind = item.get("type")
        if kind in CALL_EVENTS:
            told = self._call_done(growing, item)
        else:
            told = self._rest_of_text(growing, item) if kind == "message" else b""
            told += b"".join([self._part_done(growing, *part) for part in _texts(growing)])
        index = growing.at["output_index"]
        self._output[index] = item
        return told + self._event("response.output_item.done", output_index=index, item=item)

    def _rest_of_text(self, growing: Growing, item: Item) -> bytes:
        """Text that only the whole message has: who shows deltas alone would miss it."""
        streamed = "".join(growing.texts.get(("text", 0), ()))
        whole = "".join(part.get("text", "") for part in item.get("content") or () if part.get("type") == "output_text")
        rest = whole[len(streamed) :] if whole.startswith(streamed) else ""
        return self._text(growing, rest) if rest else b""

    def _call_done(self, growing: Growing, item: Item) -> bytes:
        stem, member = CALL_EVENTS[item["type"]]
        payload = item.get(member, "")
        delta = self._event(f"{stem}.delta", **growing.at, delta=payload) if payload else b""
        return delta + self._event(f"{stem}.done", **growing.at, name=item.get("name"), **{member: payload})

    def _part_done(self, growing: Growing, part: tuple[str, int], text: str) -> bytes:
        kind, number = part
        if kind == "summary":
            at = {**growing.at, "summary_index": number}
            ended, closed = "reasoning_summary_text", "reasoning_summary_part"
            shown = _part("summary_text", text)
        else:
            at = {**growing.at, "content_index": number}
            ended, closed = ("output_text" if kind == "text" else "reasoning_text"), "content_part"
            shown = _text_part(text) if kind == "text" else _part("reasoning_text", text)
        more: Json = {"logprobs": []} if kind == "text" else {}
        return self._event(f"response.{ended}.done", **at, text=text, **more) + self._event(
            f"response.{closed}.done", **at, part=shown
        )

    def _end(self, status: str, **members: Any) -> None:
        output = [self._output[index] for index in sorted(self._output)]
        self.response = {**self.response, "status": status, "output": output, **members}

    def _event(self, kind: str, **members: Any) -> bytes:
        data = _encode({"type": kind, "sequence_number": self._number, **members})
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)


def _texts(growing: Growing) -> list[tuple[tuple[str, int], str]]:
    return [(part, "".join(pieces)) for part, pieces in sorted(growing.texts.items())]


def _part(kind: str, text: str) -> Json:
    return {"type": kind, "text": text}


def _text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(usage: Usage | None) -> Json | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_input_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_output_tokens},
        "total_tokens": usage.total_tokens,
    }
