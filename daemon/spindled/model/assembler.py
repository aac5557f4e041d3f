"""Wire events of one attempt -> model events, whatever a provider leaves out.

Announced items are confirmed by their done event, else by the terminal response's output, else from their deltas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from .errors import Kind, ModelError
from .events import (
    Completed,
    Incomplete,
    Item,
    ModelEvent,
    ReasoningDelta,
    SummaryDelta,
    SummaryPartAdded,
    TextDelta,
    Usage,
)
from .failures import stream_failure
from .output import Draft, Output
from .usage import usage_in


class WireEvent(msgspec.Struct, gc=False):
    """The members that any event has a use for; what is large stays undecoded until it is needed."""

    type: str = ""
    item_id: str | None = None
    output_index: int | None = None
    delta: str = ""
    summary_index: int = 0
    content_index: int = 0
    arguments: str = ""
    input: str = ""
    item: msgspec.Raw = msgspec.Raw(b"null")
    response: msgspec.Raw = msgspec.Raw(b"null")


class WireType(msgspec.Struct):
    type: str = ""


_decode = msgspec.json.Decoder(WireEvent).decode
_decode_type = msgspec.json.Decoder(WireType).decode
_decode_any = msgspec.json.Decoder().decode


class Assembler:
    """Feed it the data of events in the order of the wire. After `error` is set or `finished` is true, feed no more."""

    def __init__(self) -> None:
        self.error: ModelError | None = None
        self.finished = False
        self.usage: Usage | None = None
        self._output = Output()
        self._handlers: dict[str, Callable[[WireEvent, bytes], None]] = {
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._text,
            "response.output_item.added": self._added,
            "response.output_item.done": self._done,
            "response.function_call_arguments.delta": self._payload,
            "response.function_call_arguments.done": self._payload_done,
            "response.custom_tool_call_input.delta": self._payload,
            "response.custom_tool_call_input.done": self._payload_done,
            "response.reasoning_summary_part.added": self._summary_part,
            "response.completed": self._terminal,
            "response.done": self._terminal,
            "response.incomplete": self._terminal,
            "response.failed": self._terminal,
            "response.cancelled": self._terminal,
            "error": self._error,
        }

    def feed(self, payloads: Iterable[bytes]) -> list[ModelEvent]:
        """The model events of these wire events, up to the one that ends the stream."""
        handlers = self._handlers
        for payload in payloads:
            event = self._decoded(payload)
            if event is None:
                if self.error is not None:
                    break
                continue
            handler = handlers.get(event.type)
            if handler is not None:
                handler(event, payload)
                if self.finished or self.error is not None:
                    break
            elif "reasoning" in event.type and event.type.endswith("delta"):
                self._reasoning(event)
        return self._output.take()

    def _decoded(self, payload: bytes) -> WireEvent | None:
        """None for what is not an event, or an event that is not ours and of another shape."""
        try:
            return _decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            if not payload.lstrip().startswith(b"{"):
                return None
            try:
                kind = _decode_type(payload).type
            except (msgspec.DecodeError, UnicodeDecodeError):
                kind = ""
            if kind == "error":
                return WireEvent(type=kind)
            if not kind or kind in self._handlers:
                self.error = ModelError(Kind.DISCONNECTED, f"The provider sent a malformed event: {fault}")
            return None

    # -- items ---------------------------------------------------------------------------------------------------

    def _added(self, event: WireEvent, _payload: bytes) -> None:
        item = _decode_any(event.item)
        if not isinstance(item, dict):
            return
        known = self._output.find(event.output_index, item.get("id"))
        if known is None or not _is_of(known, item):
            self._output.add(event.output_index, item)

    def _done(self, event: WireEvent, _payload: bytes) -> None:
        item = _decode_any(event.item)
        if not isinstance(item, dict):
            return
        draft = self._output.find(event.output_index, item.get("id"), item.get("call_id"))
        if draft is None and event.output_index is None:
            draft = self._output.last_open(str(item.get("type")))
        if draft is None or not _is_of(draft, item):
            draft = self._output.add(event.output_index, item)
        if draft.is_open:
            draft.finish(item)
            self._output.emit_done()

    # -- deltas --------------------------------------------------------------------------------------------------

    def _draft(self, event: WireEvent, kind: str) -> Draft:
        """The item that a delta belongs to; one that was never announced is announced now."""
        draft = self._output.find(event.output_index, event.item_id)
        if draft is None and event.output_index is None:
            draft = self._output.last_open(kind)
        return draft or self._output.add(event.output_index, _blank(kind, event.item_id))

    def _text(self, event: WireEvent, _payload: bytes) -> None:
        draft = self._output.at.get(event.output_index) or self._draft(event, "message")
        draft.text.append(event.delta)
        self._output.events.append(TextDelta(draft.id, event.delta))

    def _payload(self, event: WireEvent, _payload: bytes) -> None:
        draft = self._output.find(event.output_index, event.item_id)
        if draft is not None:
            draft.payload.append(event.delta)

    def _payload_done(self, event: WireEvent, _payload: bytes) -> None:
        draft = self._output.find(event.output_index, event.item_id)
        if draft is not None and (whole := event.arguments or event.input):
            draft.payload = [whole]

    def _summary_part(self, event: WireEvent, _payload: bytes) -> None:
        self._begin_summary(self._draft(event, "reasoning"), event.summary_index)

    def _begin_summary(self, draft: Draft, index: int) -> list[str]:
        if index not in draft.summary:
            draft.summary[index] = []
            self._output.events.append(SummaryPartAdded(draft.id, index))
        return draft.summary[index]

    def _reasoning(self, event: WireEvent) -> None:
        draft = self._draft(event, "reasoning")
        if "summary" in event.type:
            self._begin_summary(draft, event.summary_index).append(event.delta)
            self._output.events.append(SummaryDelta(draft.id, event.summary_index, event.delta))
        else:
            draft.reasoning.setdefault(event.content_index, []).append(event.delta)
            self._output.events.append(ReasoningDelta(draft.id, event.content_index, event.delta))

    # -- the end -------------------------------------------------------------------------------------------------

    def _terminal(self, event: WireEvent, _payload: bytes) -> None:
        response = _decode_any(event.response)
        response = response if isinstance(response, dict) else {}
        ended = {"response.failed": "failed", "response.incomplete": "incomplete", "response.cancelled": "cancelled"}
        status = ended.get(event.type) or response.get("status")
        self.usage = usage_in(response.get("usage"))
        if status in ("failed", "cancelled"):
            self.error = stream_failure(
                response.get("error") or {"message": f"The provider ended the response: {status}."}
            )
            return
        self._back_fill(response.get("output"))
        self.finished = True
        if status == "incomplete":
            self._incomplete(response)
        else:
            self._output.settle("completed")
            end_turn = response.get("end_turn")
            end_turn = end_turn if isinstance(end_turn, bool) else None
            self._output.events.append(Completed(_text(response.get("id")), self.usage, end_turn))

    def _incomplete(self, response: dict[str, Any]) -> None:
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        lost = self._output.settle("incomplete")
        self._output.events.append(Incomplete(_text(response.get("id")), self.usage, _text(reason) or "unknown", lost))

    def _back_fill(self, output: Any) -> None:
        """Take from the terminal response what no done event has told."""
        items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
        for item, match in self._output.match(items):
            draft = match or self._output.add(None, item)
            if draft.is_open:
                draft.finish(item)

    def _error(self, _event: WireEvent, payload: bytes) -> None:
        body = _decode_any(payload)
        error = body.get("error")
        self.error = stream_failure(error if error else {**body, "type": None})


def _is_of(draft: Draft, item: Item) -> bool:
    """Whether an item at a draft's place is that one: while it is open its id may change, its type may not."""
    if draft.id == item.get("id"):
        return True
    return draft.is_open and draft.type == item.get("type")


def _blank(kind: str, item_id: str | None) -> Item:
    if kind == "reasoning":
        return {"type": kind, "id": item_id, "summary": []}
    return {"type": kind, "id": item_id, "role": "assistant", "content": []}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
