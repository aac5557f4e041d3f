"""Output items as a Responses API streams them: the events of each, and its final form.

An item is a function of its output index and of the response's id, so that every reply has ids of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Json = dict[str, Any]
Event = Json


@dataclass
class Hold:
    """Wait here until the test calls `release(name)`."""

    name: str


@dataclass
class Pause:
    """Wait here for some seconds, or until the client is gone."""

    seconds: float


@dataclass
class Streamed:
    """What an item comes to: steps for the wire, and the item in the terminal response (None: not in it)."""

    steps: list[Event | Hold | Pause]
    final: Json | None


Item = Callable[[int, str], Streamed]


def message(
    text: str = "ok",
    *,
    deltas: int | Sequence[str] = 1,
    phase: str | None = None,
    hold_after: tuple[int, str] | None = None,
) -> Item:
    """An assistant's message. `hold_after`: (number of deltas, name) of a hold in its middle."""

    def build(index: int, response: str) -> Streamed:
        ids = {"item_id": f"msg_{response}_{index}", "output_index": index, "content_index": 0}
        item: Json = {"type": "message", "id": ids["item_id"], "role": "assistant"}
        if phase:
            item["phase"] = phase
        pieces = split(text, deltas) if isinstance(deltas, int) else list(deltas)
        whole = "".join(pieces)
        body: list[Event | Hold | Pause] = [
            {"type": "response.output_text.delta", **ids, "delta": piece} for piece in pieces
        ]
        if hold_after:
            body.insert(hold_after[0], Hold(hold_after[1]))
        final = {**item, "status": "completed", "content": [{"type": "output_text", "text": whole, "annotations": []}]}
        return Streamed(
            [
                added(index, {**item, "status": "in_progress", "content": []}),
                {"type": "response.content_part.added", **ids, "part": {"type": "output_text", "text": ""}},
                *body,
                {"type": "response.output_text.done", **ids, "text": whole},
                done(index, final),
            ],
            final,
        )

    return build


def reasoning(*summary: Sequence[str], content: Sequence[str] = (), encrypted: str = "sealed") -> Item:
    """A reasoning item: each summary part is a list of deltas, `content` one delta per part of raw reasoning."""

    def build(index: int, response: str) -> Streamed:
        ids = {"item_id": f"rs_{response}_{index}", "output_index": index}
        item: Json = {"type": "reasoning", "id": ids["item_id"], "summary": []}
        steps: list[Event | Hold | Pause] = [added(index, item)]
        for number, part in enumerate(summary):
            at = {**ids, "summary_index": number}
            steps.append({"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text"}})
            steps += [{"type": "response.reasoning_summary_text.delta", **at, "delta": delta} for delta in part]
            steps.append({"type": "response.reasoning_summary_text.done", **at, "text": "".join(part)})
        for number, text in enumerate(content):
            steps.append({"type": "response.reasoning_text.delta", **ids, "content_index": number, "delta": text})
        final: Json = {
            **item,
            "summary": [{"type": "summary_text", "text": "".join(part)} for part in summary],
            "encrypted_content": encrypted,
        }
        if content:
            final["content"] = [{"type": "reasoning_text", "text": text} for text in content]
        return Streamed([*steps, done(index, final)], final)

    return build


def function_call(
    name: str,
    arguments: Json | str = "{}",
    *,
    call_id: str | None = None,
    deltas: int = 1,
    namespace: str | None = None,
) -> Item:
    """A call of a function tool; `arguments` as text may be anything."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    more = {} if namespace is None else {"namespace": namespace}
    return _call("function_call", "fc", "arguments", "function_call_arguments", name, text, call_id, deltas, more)


def custom_tool_call(name: str, text: str, *, call_id: str | None = None, deltas: int = 1) -> Item:
    """A call of a tool with free text."""
    return _call("custom_tool_call", "ctc", "input", "custom_tool_call_input", name, text, call_id, deltas)


def _call(
    kind: str,
    prefix: str,
    member: str,
    stem: str,
    name: str,
    text: str,
    call_id: str | None,
    deltas: int,
    more: Json | None = None,
) -> Item:
    def build(index: int, response: str) -> Streamed:
        ids = {"item_id": f"{prefix}_{response}_{index}", "output_index": index}
        call = call_id or f"call_{response}_{index}"
        item: Json = {"type": kind, "id": ids["item_id"], "name": name, "call_id": call, **(more or {})}
        final = {**item, member: text, "status": "completed"}
        return Streamed(
            [
                added(index, {**item, member: "", "status": "in_progress"}),
                *({"type": f"response.{stem}.delta", **ids, "delta": piece} for piece in split(text, deltas)),
                {"type": f"response.{stem}.done", **ids, member: text},
                done(index, final),
            ],
            final,
        )

    return build


def event(fields: Event) -> Item:
    """Any single event, verbatim."""
    return lambda _index, _response: Streamed([fields], None)


def hold(name: str) -> Item:
    """A hold between items."""
    return lambda _index, _response: Streamed([Hold(name)], None)


def pause(seconds: float) -> Item:
    """A pause between items."""
    return lambda _index, _response: Streamed([Pause(seconds)], None)


def added(index: int, item: Json) -> Event:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, item: Json) -> Event:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def split(text: str, pieces: int) -> list[str]:
    """`text` in that many parts of nearly equal length (fewer if it is too short)."""
    pieces = max(1, min(pieces, len(text)))
    bounds = [len(text) * number // pieces for number in range(pieces + 1)]
    return [text[start:end] for start, end in pairwise(bounds)]
