"""Chunks of a Chat Completions stream -> model events.

The finish reason says how the response ends; that it is whole is known at [DONE] only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ..composer import NOTHING, Composer
from ..errors import Kind, ModelError
from ..events import ModelEvent, Usage
from ..failures import stream_failure
from ..namespaces import Own
from ..sealed import Seal
from ..usage import chat_usage, timings_usage
from .chunks import Choice, Chunk, Delta, ToolCallPart
from .reasoning import Details
from .tool_calls import ToolCalls

DONE = b"[DONE]"
INCOMPLETE = {
    "length": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "model_length": "max_output_tokens",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",
}
FAILED = {
    "error": Kind.DISCONNECTED,
    "abort": Kind.DISCONNECTED,
    "network_error": Kind.DISCONNECTED,
    "insufficient_system_resource": Kind.OVERLOADED,
}

_decode = msgspec.json.Decoder(Chunk).decode
_decode_any = msgspec.json.Decoder().decode


class ChatAssembler:
    """Feed it the data of events in the order of the wire. After `error` is set or `finished` is true, feed no more."""

    def __init__(
        self,
        seal: Seal,
        custom: frozenset[str] = frozenset(),
        reasoning_fields: tuple[str, ...] = ("reasoning_content", "reasoning"),
        *,
        renamed: Mapping[str, Own] = NOTHING,
    ) -> None:
        self.error: ModelError | None = None
        self.finished = False
        self._composer = Composer(seal, custom, renamed=renamed)
        self._calls = ToolCalls(self._composer)
        self._details = Details()  # of the open thought
        self._late_details = Details()  # that came behind the answer
        self._reasoning_fields = reasoning_fields
        self._id = ""
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._timings: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """Tokens of the response, as far as the provider has told."""
        return self._usage or self._timings

    def feed(self, payloads: Iterable[bytes]) -> list[ModelEvent]:
        """The model events of these chunks, up to the one that ends the stream."""
        for payload in payloads:
            try:
                self._chunk(_decode(payload), payload)
            except (msgspec.DecodeError, UnicodeDecodeError) as fault:
                self._undecodable(payload, fault)
            if self.error is not None or self.finished:
                break
        return self._composer.take()

    def _undecodable(self, payload: bytes, fault: Exception) -> None:
        """The end, an error in a form of its own, or noise."""
        text = payload.strip()
        if text == DONE:
            self._end()
        elif text.startswith(b"{"):
            try:
                error = _decode_any(text).get("error")
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                error = None
            malformed = ModelError(Kind.DISCONNECTED, f"The provider sent a malformed event: {fault}")
            self.error = stream_failure(error) if error else malformed

    def _chunk(self, chunk: Chunk, payload: bytes) -> None:
        for choice in chunk.choices or ():
            if not choice.index:
                self._choice(choice)
        if chunk.error is not None or chunk.object == "error":
            self.error = stream_failure(chunk.error or _decode_any(payload))
            return
        if not self._id and isinstance(chunk.id, str):
            self._id = chunk.id
        if chunk.usage is not None:
            self._usage = chat_usage(chunk.usage) or self._usage
        if chunk.timings is not None:
            self._timings = timings_usage(chunk.timings)

    # -- what a choice brings ------------------------------------------------------------------------------------

    def _choice(self, choice: Choice) -> None:
        delta = choice.delta
        if delta is not None:
            if delta.content.__class__ is str and delta.content and is_plain(delta):
                self._composer.text(delta.content)
            else:
                self._delta(delta)
        if choice.usage is not None:
            self._usage = chat_usage(choice.usage) or self._usage
        if choice.finish_reason:
            self._reason = choice.finish_reason

    def _delta(self, delta: Delta) -> None:
        if delta.reasoning_content is not None or delta.reasoning is not None:
            self._thoughts(delta)
        if delta.reasoning_details is not None:
            self._add_details(delta.reasoning_details)
        if delta.content:
            self._content(delta.content)
        if delta.refusal:
            self._composer.text(delta.refusal)
        for call in delta.tool_calls or ():
            self._calls.feed(call)
        if delta.function_call is not None:
            self._calls.feed(ToolCallPart(index=0, function=delta.function_call))

    def _thoughts(self, delta: Delta) -> None:
        for field in self._reasoning_fields:
            text = getattr(delta, field)
            if text and isinstance(text, str):
                self._thought(text, field)
                return

    def _thought(self, text: str, field: str) -> None:
        self._composer.thought(text)
        self._composer.state["field"] = field

    def _content(self, content: Any) -> None:
        """Text, or parts as Mistral's reasoning models send them."""
        if isinstance(content, str):
            self._composer.text(content)
        for part in content if isinstance(content, list) else []:
            if isinstance(part, dict):
                self._part(part)

    def _part(self, part: dict[str, Any]) -> None:
        if part.get("type") == "text" and isinstance(part.get("text"), str):
            self._composer.text(part["text"])
        elif part.get("type") == "thinking":
            thoughts = part.get("thinking")
            for thought in thoughts if isinstance(thoughts, list) else [{"text": thoughts}]:
                if isinstance(thought, dict) and isinstance(thought.get("text"), str):
                    self._thought(thought["text"], "")

    def _add_details(self, fragments: Any) -> None:
        """Details may be all that is told of a thought."""
        if not fragments:
            return
        if not self._composer.is_thinking:
            if self._composer.has_answer:
                self._late_details.add(fragments)
                return
            self._composer.begin_thought()
        if "details" not in self._composer.state:
            self._details = Details()
            self._composer.state["details"] = self._details.entries
        self._details.add(fragments)

    # -- the end -------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        composer, reason = self._composer, self._reason
        self._calls.end()
        usage = self.usage
        if reason in FAILED:
            self.error = ModelError(FAILED[reason], f"The provider ended the response: {reason}.", code=reason)
            return
        if reason is None and composer.has_half_calls:
            self.error = ModelError(Kind.DISCONNECTED, "The stream broke off: it ended within a call.")
            return
        self.finished = True
        self._end_late()
        if reason in INCOMPLETE:
            composer.incomplete(self._id, usage, INCOMPLETE[reason])
        else:
            composer.complete(self._id, usage)

    def _end_late(self) -> None:
        """What came behind the answer, or with its calls, makes an item of its own."""
        late = {"details": self._late_details.entries, "calls": self._calls.extras()}
        if any(late.values()):
            self._composer.begin_thought()
            self._composer.state.update({name: state for name, state in late.items() if state})
            self._composer.end_thought()


def is_plain(delta: Delta) -> bool:
    """Whether there is no more to a delta than its content."""
    return (
        delta.reasoning_content is None
        and delta.reasoning is None
        and delta.tool_calls is None
        and delta.reasoning_details is None
        and delta.refusal is None
        and delta.function_call is None
    )
