"""The body of a POST to /responses -> a ModelRequest."""

from __future__ import annotations

from typing import Any

import msgspec

from spindled.faces.gateway.errors import Refusal
from spindled.faces.gateway.items import checked_input, checked_tools
from spindled.model.request import ModelRequest

Json = dict[str, Any]
STATELESS = "This endpoint keeps nothing between requests"


class Reasoning(msgspec.Struct):
    effort: str | None = None
    summary: str | None = None


class Format(msgspec.Struct):
    type: str = "text"
    name: str | None = None
    schema: Json | None = None
    strict: bool | None = None


class Text(msgspec.Struct):
    format: Format | None = None
    verbosity: str | None = None


class Body(msgspec.Struct):
    """The members that are read; null is as good as absent."""

    model: str
    input: str | list[Json] | None = None
    instructions: str | None = None
    tools: list[Json] | None = None
    tool_choice: str | Json | None = None
    parallel_tool_calls: bool | None = None
    reasoning: Reasoning | None = None
    text: Text | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    client_metadata: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    prompt: Any = None
    truncation: str | None = None
    top_logprobs: int | None = None


class Asked(msgspec.Struct):
    """`echo`: what the response repeats of the request."""

    request: ModelRequest
    stream: bool
    echo: Json


_decode = msgspec.json.Decoder(Body).decode


def read_request(data: bytes, wire_api: str) -> Asked:
    """Raises Refusal. `wire_api`: of the provider; some parts of a request only a Responses provider understands."""
    body = _decoded(data)
    _refuse_unsupported(body)
    reasoning, text = body.reasoning or Reasoning(), body.text or Text()
    wanted = text.format or Format()
    if wanted.type not in ("text", "json_schema"):
        raise _unsupported("text.format", f"The format `{wanted.type}` is not supported, json_schema is.")
    if wanted.type == "json_schema" and wanted.schema is None:
        raise _malformed("text.format.schema", "A schema is needed.")
    tools, choice = checked_tools(body.tools or [], body.tool_choice or "auto", wire_api)
    request = ModelRequest(
        model=body.model,
        instructions=body.instructions or "",
        input=checked_input(body.input or [], wire_api),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        effort=reasoning.effort,
        summary=reasoning.summary,
        verbosity=text.verbosity,
        service_tier=body.service_tier,
        max_output_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        output_schema=wanted.schema if wanted.type == "json_schema" else None,
        output_strict=wanted.strict is not False,
        cache_key=body.prompt_cache_key or "",
        metadata=body.client_metadata or {},
    )
    return Asked(request, bool(body.stream), _echo(body, wanted))


def _decoded(data: bytes) -> Body:
    try:
        return _decode(data)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        raise _malformed(place.rstrip("`") or None, f"The request has the wrong shape: {text}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"The body is no JSON: {error}", code="invalid_json") from None


def _refuse_unsupported(body: Body) -> None:
    if not body.model:
        raise _malformed("model", "A model is needed.")
    for member in ("previous_response_id", "conversation", "background", "prompt", "top_logprobs"):
        if getattr(body, member):
            raise _unsupported(member, f"{STATELESS}, so `{member}` is not supported.")
    if body.store:
        raise _unsupported("store", f"{STATELESS}: leave `store` out or set it to false, and send the whole history.")
    if body.truncation not in (None, "disabled"):
        raise _unsupported("truncation", "Only `disabled` is supported.")


def _echo(body: Body, wanted: Format) -> Json:
    reasoning = body.reasoning or Reasoning()
    shown = {key: value for key, value in msgspec.to_builtins(wanted).items() if value is not None}
    return {
        "model": body.model,
        "instructions": body.instructions,
        "tools": body.tools or [],
        "tool_choice": body.tool_choice or "auto",
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "reasoning": {"effort": reasoning.effort, "summary": reasoning.summary},
        "text": {"format": shown},
        "max_output_tokens": body.max_output_tokens,
        "temperature": body.temperature,
        "top_p": body.top_p,
        "metadata": body.metadata or {},
        "previous_response_id": None,
        "store": False,
        "truncation": "disabled",
    }


def _malformed(param: str | None, message: str) -> Refusal:
    return Refusal(400, message, code="invalid_value", param=param)


def _unsupported(param: str, message: str) -> Refusal:
    return Refusal(501, message, code="unsupported_parameter", param=param)
