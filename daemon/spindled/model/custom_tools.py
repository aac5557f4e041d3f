"""Custom tools where an API has none: a function with one string, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

MEMBER = "input"
_encoder = msgspec.json.Encoder()
_decode = msgspec.json.Decoder().decode


def parameters(spec: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of the function that stands for a custom tool."""
    description = "The whole input of the tool as plain text."
    form = spec.get("format")
    if isinstance(form, dict) and form.get("definition"):
        description += f" It must follow this {form.get('syntax', '')} grammar:\n{form['definition']}"
    return {
        "type": "object",
        "properties": {MEMBER: {"type": "string", "description": description}},
        "required": [MEMBER],
        "additionalProperties": False,
    }


def wrapped(text: str) -> dict[str, str]:
    """The arguments of the function for this input."""
    return {MEMBER: text}


def unwrapped(arguments: str) -> str:
    """The input in a function's arguments. What a model sent without the wrapping counts as the input itself."""
    value = decoded(arguments)
    if isinstance(value, dict) and isinstance(value.get(MEMBER), str):
        return str(value[MEMBER])
    return value if isinstance(value, str) else arguments


def is_whole(arguments: str) -> bool:
    """Whether arguments are a JSON object: then no more can follow."""
    return isinstance(decoded(arguments), dict)


def decoded(text: str) -> Any:
    """The JSON value, None if it is none."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def encoded(value: Any) -> str:
    return _encoder.encode(value).decode()


def names(tools: list[dict[str, Any]]) -> frozenset[str]:
    """Of the custom tools among these specs."""
    return frozenset(str(tool.get("name")) for tool in tools if tool.get("type") == "custom")
