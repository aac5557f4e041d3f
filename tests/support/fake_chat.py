"""Responses as a Chat Completions endpoint streams them."""

from __future__ import annotations

import json
from typing import Any

from tests.support.fake_items import Hold, Json, Pause, split
from tests.support.fake_provider import Reply, event_stream
from tests.support.spoken import Call, Say, Spoken, Think

DONE = b"data: [DONE]\n\n"
USAGE: Json = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def chat_stream(
    *parts: Spoken | Hold | Pause,
    finish: str | None = "stop",
    usage: Json | None = None,
    done: bool = True,
    stop_after: int | None = None,
    reasoning: str = "reasoning_content",
    extra: list[Json] | None = None,
    **shape: Any,
) -> Reply:
    """The chunks of these parts, a finish reason, a chunk with the usage alone and [DONE]. `extra`: chunks before the
    finish reason. After `stop_after` chunks nothing more is sent."""

    def steps(response_id: str) -> list[bytes | Hold | Pause]:
        chunks: list[Json | Hold | Pause] = [
            step if isinstance(step, Hold | Pause) else {**step, "id": response_id}
            for step in spoken_chunks(parts, reasoning)
        ]
        chunks += [*(extra or []), *closing_chunks(finish, usage or USAGE)]
        encoded = [step if isinstance(step, Hold | Pause) else event(step) for step in chunks]
        return [*encoded, *([DONE] if done else [])][:stop_after]

    return event_stream(steps, **shape)


def spoken_chunks(
    parts: tuple[Spoken | Hold | Pause, ...], reasoning: str = "reasoning_content"
) -> list[Json | Hold | Pause]:
    """A first chunk with the role, then the deltas of each part; calls are counted."""
    chunks: list[Json | Hold | Pause] = [chunk(role="assistant", content="")]
    calls = 0
    for part in parts:
        if isinstance(part, Think):
            chunks += [chunk(**{reasoning: piece}) for piece in split(part.text, part.deltas)]
        elif isinstance(part, Say):
            chunks += [chunk(content=piece) for piece in split(part.text, part.deltas)]
        elif isinstance(part, Call):
            chunks += call_chunks(part, calls)
            calls += 1
        else:
            chunks.append(part)
    return chunks


def call_chunks(call: Call, index: int) -> list[Json]:
    text = json.dumps({"input": call.arguments}) if call.custom else call.arguments
    first = {"index": index, "id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": ""}}
    rest = [{"index": index, "function": {"arguments": piece}} for piece in split(text, call.deltas) if piece]
    return [chunk(tool_calls=[fragment]) for fragment in [first, *rest]]


def closing_chunks(finish: str | None, usage: Json | None) -> list[Json]:
    chunks = [chunk(finish=finish)] if finish else []
    return [*chunks, {**chunk(), "choices": [], "usage": usage}] if usage else chunks


def chunk(finish: str | None = None, **delta: Any) -> Json:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice], "usage": None}


def event(fields: Json) -> bytes:
    return b"data: %s\n\n" % json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
