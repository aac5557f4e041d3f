"""Events of a Messages stream -> model events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ..composer import NOTHING, Composer
from ..custom_tools import encoded
from ..errors import Kind, ModelError
from ..events import ModelEvent, Usage
from ..failures import FIXED_TEXTS, stream_failure
from ..namespaces import Own
from ..output import Draft
from ..sealed import Seal
from ..usage import messages_usage
from .request import ANSWER_TOOL

INCOMPLETE = {"max_tokens": "max_output_tokens", "refusal": "content_filter"}
FULL = "model_context_window_exceeded"
PAUSED = "pause_turn"


class Delta(msgspec.Struct, gc=False):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class WireEvent(msgspec.Struct, gc=False):
    """The members that any event has a use for."""

    type: str = ""
    index: int = 0
    delta: Delta | None = None
    content_block: Any = None
    message: Any = None
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(WireEvent).decode


class MessagesAssembler:
    """Feed it the data of events in the order of the wire. After `error` is set or `finished` is true, feed no more."""

    def __init__(
        self,
        seal: Seal,
        custom: frozenset[str] = frozenset(),
        *,
        summarized: bool = False,
        renamed: Mapping[str, Own] = NOTHING,
    ) -> None:
        self.error: ModelError | None = None
        self.finished = False
        self._composer = Composer(seal, custom, summarized=summarized, renamed=renamed)
        self._calls: dict[int, Draft] = {}
        self._answers: set[int] = set()  # calls of the answer tool
        self._id = ""
        self._reason: str | None = None
        self._usage: dict[str, Any] = {}
        self._handlers: dict[str, Callable[[WireEvent], None]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._begin_block,
            "content_block_stop": self._end_block,
            "message_start": self._begin,
            "message_delta": self._message_delta,
            "message_stop": self._end,
            "error": self._error,
        }

    @property
    def usage(self) -> Usage | None:
        """Tokens of the response, as far as the provider has told."""
        return messages_usage(self._usage)

    def feed(self, payloads: Iterable[bytes]) -> list[ModelEvent]:
        """The model events of these wire events, up to the one that ends the stream."""
        for payload in payloads:
            try:
                event = _decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError) as fault:
                if payload.lstrip().startswith(b"{"):
                    self.error = ModelError(Kind.DISCONNECTED, f"The provider sent a malformed event: {fault}")
                    break
                continue
            handler = self._handlers.get(event.type)
            if handler is not None:
                handler(event)
            elif event.error is not None:
                self._error(event)
            if self.error is not None or self.finished:
                break
        return self._composer.take()

    # -- blocks --------------------------------------------------------------------------------------------------

    def _begin_block(self, event: WireEvent) -> None:
        block = event.content_block if isinstance(event.content_block, dict) else {}
        kind = block.get("type")
        if kind == "tool_use":
            self._begin_call(event.index, block)
        elif kind == "thinking":
            self._composer.begin_thought()
            self._composer.thought(_text(block.get("thinking")))
            self._composer.state["signature"] = _text(block.get("signature"))
        elif kind == "redacted_thinking":
            self._composer.begin_thought()
            self._composer.state["redacted"] = _text(block.get("data"))
        elif kind == "text":
            self._composer.text(_text(block.get("text")))

    def _begin_call(self, index: int, block: dict[str, Any]) -> None:
        """An endpoint may send the whole input at once."""
        whole = encoded(block["input"]) if isinstance(block.get("input"), dict) and block["input"] else ""
        if block.get("name") == ANSWER_TOOL:
            self._answers.add(index)
            self._composer.end_message()
            self._composer.text(whole)
            return
        draft = self._calls[index] = self._composer.call(_text(block.get("id")), _text(block.get("name")))
        if whole:
            draft.payload.append(whole)

    def _delta(self, event: WireEvent) -> None:
        delta = event.delta
        if delta is None:
            return
        if delta.text:
            self._composer.text(delta.text)
        elif delta.thinking:
            self._composer.thought(delta.thinking)
        elif delta.partial_json:
            draft = self._calls.get(event.index)
            if draft is not None:
                draft.payload.append(delta.partial_json)
            elif event.index in self._answers:
                self._composer.text(delta.partial_json)
        elif delta.signature:
            self._composer.state["signature"] = delta.signature

    def _end_block(self, event: WireEvent) -> None:
        """A call is cut by the end of the tokens too; it is known to be whole by its input, or by the stop reason."""
        draft = self._calls.get(event.index)
        if draft is not None:
            self._composer.end_call_if_whole(draft)
        else:
            self._composer.end_thought()

    # -- the message ---------------------------------------------------------------------------------------------

    def _begin(self, event: WireEvent) -> None:
        if isinstance(event.message, dict):
            self._id = _text(event.message.get("id"))
            self._count(event.message.get("usage"))

    def _message_delta(self, event: WireEvent) -> None:
        self._count(event.usage)
        if event.delta is not None and event.delta.stop_reason:
            self._reason = event.delta.stop_reason

    def _count(self, usage: Any) -> None:
        """Each report replaces the one before; what it leaves out stays."""
        if isinstance(usage, dict):
            self._usage |= {name: count for name, count in usage.items() if count is not None}

    def _end(self, _event: WireEvent) -> None:
        composer, reason = self._composer, self._reason
        usage = self.usage
        if reason is None and composer.has_half_calls:
            self.error = ModelError(Kind.DISCONNECTED, "The stream broke off: it ended within a call.")
        elif reason == FULL:
            composer.cut()
            self.error = ModelError(Kind.CONTEXT_WINDOW, FIXED_TEXTS[Kind.CONTEXT_WINDOW], code=reason)
        elif reason in INCOMPLETE:
            self.finished = True
            composer.incomplete(self._id, usage, INCOMPLETE[reason])
        else:
            self.finished = True
            composer.complete(self._id, usage, end_turn=False if reason == PAUSED else None)

    def _error(self, event: WireEvent) -> None:
        self.error = stream_failure(event.error)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
