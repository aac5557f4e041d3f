"""Responses as a Messages endpoint streams them."""

from __future__ import annotations

import json
from typing import Any

from tests.support.fake_items import Hold, Json, Pause, split
from tests.support.fake_provider import Reply, event_stream, sse
from tests.support.spoken import Call, Say, Spoken

USAGE: Json = {"input_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}


def messages_stream(
    *parts: Spoken | Hold | Pause,
    stop: str | None = "end_turn",
    usage: Json | None = None,
    output_tokens: int = 10,
    whole: bool = True,
    stop_after: int | None = None,
    extra: list[Json] | None = None,
    **shape: Any,
) -> Reply:
    """A message with a block for each part. `extra`: events before the stop reason; `whole`: with message_stop. After
    `stop_after` events nothing more is sent."""

    def steps(response_id: str) -> list[bytes | Hold | Pause]:
        events = [*message_events(parts, response_id, usage or USAGE), *(extra or [])]
        events += closing_events(stop, output_tokens, whole=whole)
        return [step if isinstance(step, Hold | Pause) else sse(step) for step in events[:stop_after]]

    return event_stream(steps, **shape)


def message_events(
    parts: tuple[Spoken | Hold | Pause, ...], response_id: str = "m1", usage: Json | None = None
) -> list[Json | Hold | Pause]:
    started = {"id": response_id, "type": "message", "role": "assistant", "content": [], "stop_reason": None}
    counted = {**(usage or USAGE), "output_tokens": 1}
    events: list[Json | Hold | Pause] = [
        {"type": "message_start", "message": {**started, "usage": counted}},
        {"type": "ping"},
    ]
    index = 0
    for part in parts:
        if isinstance(part, Hold | Pause):
            events.append(part)
        else:
            events += block_events(part, index)
            index += 1
    return events


def block_events(part: Spoken, index: int) -> list[Json]:
    block, deltas = _block(part)
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def closing_events(stop: str | None, output_tokens: int = 10, *, whole: bool = True) -> list[Json]:
    reason = {"stop_reason": stop, "stop_sequence": None}
    events = [{"type": "message_delta", "delta": reason, "usage": {"output_tokens": output_tokens}}]
    return [*events, {"type": "message_stop"}] if whole else events


def _block(part: Spoken) -> tuple[Json, list[Json]]:
    if isinstance(part, Say):
        pieces = split(part.text, part.deltas)
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    if isinstance(part, Call):
        text = json.dumps({"input": part.arguments}) if part.custom else part.arguments
        block = {"type": "tool_use", "id": part.call_id, "name": part.name, "input": {}}
        pieces = ["", *(piece for piece in split(text, part.deltas) if piece)]
        return block, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    if part.redacted:
        return {"type": "redacted_thinking", "data": part.redacted}, []
    thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in split(part.text, part.deltas)]
    signed = [{"type": "signature_delta", "signature": part.signature}] if part.signature else []
    return {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, *signed]
