"""A scripted reply as the Responses API sends it: server-sent events, or one response object."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import msgspec

from .conversation import CHARACTERS_PER_TOKEN
from .items import Breakdown, Failed, Incomplete, Item, Message, Reasoning, Reply

MODEL = "scripted"
_BATCH = 256
_FEW = 64


class ReplyEncoder:
    """Encodes one reply; the ids of its items derive from the response id."""

    def __init__(self, reply: Reply, response_id: str, input_tokens: int, cached_tokens: int) -> None:
        self._reply = reply
        self._id = response_id
        self._input_tokens = input_tokens
        self._cached_tokens = cached_tokens
        self._sequence = 0

    def response(self) -> dict[str, Any]:
        """The response object at its end. A Breakdown has none and gives the one in progress."""
        failure = self._reply.failure
        if isinstance(failure, Breakdown):
            return self._snapshot("in_progress")
        output = [self._item_done(index) for index in range(len(self._reply.items))]
        match failure:
            case Failed(code, message):
                return self._snapshot("failed", error={"code": code, "message": message})
            case Incomplete(reason):
                details = {"reason": reason}
                return self._snapshot("incomplete", output=output, incomplete_details=details, usage=self._usage())
            case _:
                return self._snapshot("completed", output=output, usage=self._usage())

    def events(self) -> Iterator[bytes | float]:
        """Encoded events in batches to be written at once; a float is a pause in seconds."""
        started = self._snapshot("in_progress")
        yield self._event("response.created", response=started) + self._event("response.in_progress", response=started)
        for index in range(len(self._reply.items)):
            yield from self._item_events(index)
        if isinstance(self._reply.failure, Breakdown):
            return
        response = self.response()
        yield self._event(f"response.{response['status']}", response=response)

    def _event(self, kind: str, **fields: Any) -> bytes:
        data = msgspec.json.encode({"type": kind, **fields, "sequence_number": self._sequence})
        self._sequence += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)

    def _item_events(self, index: int) -> Iterator[bytes | float]:
        item, item_id = self._reply.items[index], self._item_id(index)
        at = {"item_id": item_id, "output_index": index}
        opened = {**self._item_done(index), "status": "in_progress", **_HOLLOW[_kind(item)]}
        yield self._event("response.output_item.added", output_index=index, item=opened)
        match item:
            case Message():
                yield from self._message_events(item, at, broken=self._breaks_in(index))
            case Reasoning(text):
                yield self._summary_events(text, at)
            case _:
                name, field = _CALL_EVENTS[_kind(item)]
                yield self._event(f"{name}.delta", **at, delta=item.payload) + self._event(
                    f"{name}.done", **at, **{field: item.payload}
                )
        if not self._breaks_in(index):
            yield self._event("response.output_item.done", output_index=index, item=self._item_done(index))

    def _message_events(self, message: Message, at: dict[str, Any], *, broken: bool) -> Iterator[bytes | float]:
        at = {**at, "content_index": 0}
        yield self._event("response.content_part.added", **at, part=_output_text(""))
        yield from self._delta_events(message, at)
        if not broken:
            text = message.text
            yield self._event("response.output_text.done", **at, text=text) + self._event(
                "response.content_part.done", **at, part=_output_text(text)
            )

    def _delta_events(self, message: Message, at: dict[str, Any]) -> Iterator[bytes | float]:
        """Each distinct delta is encoded once, so that long streams cost one formatting a delta."""
        kind = b"response.output_text.delta"
        head = b'event: %b\ndata: {"type":"%b",%b,"delta":' % (kind, kind, msgspec.json.encode(at)[1:-1])
        encoded = cycle([head + msgspec.json.encode(piece) + b',"sequence_number":%d}\n\n' for piece in message.pieces])
        size = 1 if message.every_ms or message.count <= _FEW else _BATCH
        for start in range(0, message.count, size):
            if start and message.every_ms:
                yield message.every_ms / 1000
            first = self._sequence
            self._sequence += min(size, message.count - start)
            yield b"".join([e % n for n, e in enumerate(islice(encoded, self._sequence - first), first)])

    def _summary_events(self, text: str, at: dict[str, Any]) -> bytes:
        at = {**at, "summary_index": 0}
        events = [
            self._event("response.reasoning_summary_part.added", **at, part=_summary_text("")),
            *(self._event("response.reasoning_summary_text.delta", **at, delta=p) for p in Message.of(text).pieces),
            self._event("response.reasoning_summary_text.done", **at, text=text),
            self._event("response.reasoning_summary_part.done", **at, part=_summary_text(text)),
        ]
        return b"".join(events)

    def _breaks_in(self, index: int) -> bool:
        return isinstance(self._reply.failure, Breakdown) and index == len(self._reply.items) - 1

    def _item_id(self, index: int) -> str:
        return f"{_PREFIXES[_kind(self._reply.items[index])]}_{self._id}_{index}"

    def _item_done(self, index: int) -> dict[str, Any]:
        item, item_id, kind = self._reply.items[index], self._item_id(index), _kind(self._reply.items[index])
        last = index == len(self._reply.items) - 1
        status = "incomplete" if last and isinstance(self._reply.failure, Incomplete) else "completed"
        done: dict[str, Any] = {"id": item_id, "type": kind, "status": status}
        match item:
            case Message():
                return {**done, "role": "assistant", "content": [_output_text(item.text)]}
            case Reasoning(text):
                return {**done, "summary": [_summary_text(text)], "encrypted_content": f"scripted-{item_id}"}
            case _:
                _, field = _CALL_EVENTS[kind]
                call = {**done, "call_id": f"call_{self._id}_{index}", "name": item.name, field: item.payload}
                return {**call, "namespace": item.namespace} if item.namespace else call

    def _snapshot(self, status: str, **fields: Any) -> dict[str, Any]:
        plain: dict[str, Any] = {"error": None, "incomplete_details": None, "output": [], "usage": None}
        return (
            {"id": self._id, "object": "response", "created_at": 0, "model": MODEL, "status": status} | plain | fields
        )

    def _usage(self) -> dict[str, Any]:
        reasoning = sum(_tokens(item) for item in self._reply.items if isinstance(item, Reasoning))
        output = sum(map(_tokens, self._reply.items))
        return {
            "input_tokens": self._input_tokens,
            "input_tokens_details": {"cached_tokens": self._cached_tokens},
            "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": reasoning},
            "total_tokens": self._input_tokens + output,
        }


def _kind(item: Item) -> str:
    match item:
        case Message():
            return "message"
        case Reasoning():
            return "reasoning"
        case _:
            return "custom_tool_call" if item.custom else "function_call"


_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}
_HOLLOW: dict[str, dict[str, Any]] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}
_CALL_EVENTS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}


def _output_text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def _summary_text(text: str) -> dict[str, Any]:
    return {"type": "summary_text", "text": text}


def _tokens(item: Item) -> int:
    match item:
        case Message() | Reasoning():
            size = len(item.text)
        case _:
            size = len(item.payload)
    return -(-size // CHARACTERS_PER_TOKEN)
