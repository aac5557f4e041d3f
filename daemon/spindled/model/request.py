"""One request to a model: its body and its headers."""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import msgspec

from spindled import __version__

from . import sealed


class ModelRequest(msgspec.Struct, kw_only=True):
    """`input`: Responses items; `tools` and `tool_choice`: of the Responses API; `metadata`: client_metadata;
    `headers`: on top of the provider's own. What is None the API does without."""

    model: str
    instructions: str = ""
    input: list[dict[str, Any]] = []
    tools: list[dict[str, Any]] = []
    tool_choice: str | dict[str, Any] = "auto"
    parallel_tool_calls: bool = True
    effort: str | None = None
    summary: str | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    max_output_tokens: int | None = None
    output_limit: int | None = None  # what the model can give at most, where that is known
    temperature: float | None = None
    top_p: float | None = None
    output_schema: dict[str, Any] | None = None
    output_strict: bool = True
    cache_key: str = ""
    metadata: dict[str, str] = {}
    headers: dict[str, str] = {}


_encoder = msgspec.json.Encoder()


def encode(request: ModelRequest) -> bytes:
    """The body of a POST to .../responses."""
    return _encoder.encode(body(request))


def body(request: ModelRequest) -> dict[str, Any]:
    """Members that would be empty are left out: providers differ in what they make of null."""
    fields: dict[str, Any] = {
        "model": request.model,
        "input": [*_said_first(request), *(item for item in request.input if not sealed.is_sealed(item))],
        "tools": request.tools,
        "tool_choice": request.tool_choice if request.tools else None,
        "parallel_tool_calls": request.parallel_tool_calls if request.tools else None,
        "reasoning": filled({"effort": request.effort, "summary": _summary(request.summary)}),
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": request.cache_key,
        "text": _text(request),
        "service_tier": request.service_tier,
        "max_output_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "client_metadata": request.metadata,
    }
    return {"input": [], **filled(fields)}


def _said_first(request: ModelRequest) -> list[dict[str, Any]]:
    """The instructions as a message: some providers do not take the member of that name."""
    if not request.instructions:
        return []
    text = {"type": "input_text", "text": request.instructions}
    return [{"type": "message", "role": "developer", "content": [text]}]


def _summary(summary: str | None) -> str | None:
    return None if summary == "none" else summary


def _text(request: ModelRequest) -> dict[str, Any]:
    schema = request.output_schema
    wanted = {"type": "json_schema", "name": "turn_output", "strict": request.output_strict, "schema": schema}
    return filled({"verbosity": request.verbosity, "format": wanted if schema is not None else None})


def filled(fields: dict[str, Any]) -> dict[str, Any]:
    """Without the empty members."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def identity_headers(*, session_id: str, thread_id: str, originator: str, client: str = "") -> dict[str, str]:
    """Who asks, and for which thread. `client`: "name/version" of the program that drives the daemon."""
    return {
        "session-id": session_id,
        "thread-id": thread_id,
        "x-client-request-id": thread_id,
        "originator": header_value(originator),
        "user-agent": header_value(f"{own_user_agent()} {client}".rstrip()),
    }


@cache
def own_user_agent() -> str:
    return f"spindled/{__version__} ({platform.system()} {platform.release()}; {platform.machine()})"


def header_value(text: str) -> str:
    """`text` with what a header cannot hold replaced."""
    return "".join(char if " " <= char <= "~" else "_" for char in text)
