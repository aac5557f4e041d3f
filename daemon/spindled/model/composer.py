"""What an adapter understood of a stream -> output items, for APIs that send parts of one message and not items.

Text, thoughts and calls come one after the other: whatever begins ends the text or the thought before it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from . import custom_tools
from .events import Completed, Incomplete, ModelEvent, ReasoningDelta, SummaryDelta, SummaryPartAdded, TextDelta, Usage
from .namespaces import Own
from .output import Draft, Output
from .sealed import Seal

NOTHING: Mapping[str, Own] = MappingProxyType({})


class Composer:
    """The output of one response. `custom`: the tools whose calls are unwrapped; `summarized`: the thoughts that the
    provider tells are a summary, not the raw ones; `renamed`: what tools are called here, if not by the names given."""

    def __init__(
        self,
        seal: Seal,
        custom: frozenset[str] = frozenset(),
        *,
        summarized: bool = False,
        renamed: Mapping[str, Own] = NOTHING,
    ):
        self._seal = seal
        self._renamed = renamed
        self._custom = custom
        self._summarized = summarized
        self._output = Output()
        self._message: Draft | None = None
        self._thought: Draft | None = None
        self._blank = ""  # white space held back: it may be all that comes of a message
        self._state: dict[str, Any] = {}  # of the open thought
        self._calls: list[Draft] = []

    def take(self) -> list[ModelEvent]:
        """The events since the last call."""
        return self._output.take()

    # -- text and thoughts ---------------------------------------------------------------------------------------

    def text(self, delta: str) -> None:
        """More text of the message."""
        draft = self._message
        if draft is None:
            delta = self._blank + delta
            if not delta or delta.isspace():
                self._blank = delta
                return
            draft = self._begin_message()
        draft.text.append(delta)
        self._output.events.append(TextDelta(draft.id, delta))

    def _begin_message(self) -> Draft:
        self.end_thought()
        self._blank = ""
        self._message = self._output.add(None, {"type": "message", "role": "assistant", "content": []})
        return self._message

    def end_message(self) -> None:
        """Later text is a message of its own."""
        draft, self._message, self._blank = self._message, None, ""
        if draft is not None:
            draft.settle("completed")
            self._output.emit_done()

    def thought(self, delta: str) -> None:
        """More of the model's reasoning."""
        draft = self._thought or self.begin_thought()
        if not delta:
            return
        if self._summarized:
            if not draft.summary:
                draft.summary[0] = []
                self._output.events.append(SummaryPartAdded(draft.id, 0))
            draft.summary[0].append(delta)
            self._output.events.append(SummaryDelta(draft.id, 0, delta))
        else:
            draft.reasoning.setdefault(0, []).append(delta)
            self._output.events.append(ReasoningDelta(draft.id, 0, delta))

    def begin_thought(self) -> Draft:
        """A thought of its own, which may have no text."""
        self.end_message()
        self.end_thought()
        self._state = {}
        self._thought = self._output.add(None, {"type": "reasoning", "summary": []})
        return self._thought

    @property
    def is_thinking(self) -> bool:
        """Whether a thought is open."""
        return self._thought is not None

    @property
    def has_answer(self) -> bool:
        """Whether a message is open, or any call has begun."""
        return self._message is not None or bool(self._calls)

    @property
    def state(self) -> dict[str, Any]:
        """What the open thought needs to be given back; sealed with it."""
        return self._state

    def end_thought(self) -> None:
        """Seal the open thought, if there is one."""
        draft, self._thought = self._thought, None
        if draft is not None:
            self._finish_thought(draft)
            self._output.emit_done()

    def _finish_thought(self, draft: Draft) -> None:
        state, self._state = self._state, {}
        draft.settle("completed")
        draft.finish({**(draft.done or draft.item), "encrypted_content": self._seal.close(state)})

    # -- calls ---------------------------------------------------------------------------------------------------

    def call(self, call_id: str, name: str) -> Draft:
        """A call begins; its arguments go to `payload`. An id is made up where there is none."""
        self.end_message()
        self.end_thought()
        custom = name in self._custom
        kind, member = ("custom_tool_call", "input") if custom else ("function_call", "arguments")
        call_id = call_id or f"call_{uuid.uuid4().hex}"
        namespace, name = self._renamed.get(name, (None, name))
        item = {"type": kind, "name": name, "call_id": call_id, member: "", "status": "in_progress"}
        if namespace is not None:
            item["namespace"] = namespace
        draft = self._output.add(None, item)
        self._calls.append(draft)
        return draft

    def end_call_if_whole(self, draft: Draft) -> bool:
        """Finish a call whose arguments cannot go on; any other waits for the end of the response."""
        if draft.is_open and custom_tools.is_whole("".join(draft.payload)):
            self._finish_call(draft)
            self._output.emit_done()
        return not draft.is_open

    def _finish_call(self, draft: Draft) -> None:
        if draft.type == "custom_tool_call":
            draft.payload = [custom_tools.unwrapped("".join(draft.payload))]
        draft.settle("completed")

    # -- the end -------------------------------------------------------------------------------------------------

    def complete(self, response_id: str, usage: Usage | None, *, end_turn: bool | None = None) -> None:
        """The response is whole."""
        self._end_calls(whole_only=False)
        self._settle("completed")
        self._output.events.append(Completed(response_id, usage, end_turn))

    def incomplete(self, response_id: str, usage: Usage | None, reason: str) -> None:
        """The response ends early."""
        lost = self.cut()
        self._output.events.append(Incomplete(response_id, usage, reason, lost))

    def cut(self) -> list[str]:
        """Finish what is there of a response that ends early; the names of the calls that are lost by it."""
        self._end_calls(whole_only=True)
        return self._settle("incomplete")

    def _end_calls(self, *, whole_only: bool) -> None:
        for draft in self._calls:
            if draft.is_open and not (whole_only and not custom_tools.is_whole("".join(draft.payload))):
                self._finish_call(draft)

    def _settle(self, status: str) -> list[str]:
        if self._thought is not None:
            self._finish_thought(self._thought)
        return self._output.settle(status)

    @property
    def has_half_calls(self) -> bool:
        """Whether a call would be lost if the response ended now."""
        return any(draft.is_open and not custom_tools.is_whole("".join(draft.payload)) for draft in self._calls)
