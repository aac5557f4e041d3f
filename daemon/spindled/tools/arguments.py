"""The arguments of function calls: described for the model, decoded into typed Structs."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from spindled.tools.base import ToolCall, ToolError

Arguments = TypeVar("Arguments")


def function_spec(name: str, description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """A function tool in the Responses API's form."""
    return {
        "type": "function",
        "name": name,
        "description": description,
        "strict": False,
        "parameters": object_schema(properties, *required),
    }


def object_schema(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def decode(call: ToolCall, into: type[Arguments]) -> Arguments:
    """The call's arguments. Raises ToolError that names the field; the call is then not carried out."""
    try:
        return msgspec.json.decode(call.arguments or "{}", type=into, strict=False)
    except msgspec.ValidationError as error:
        raise ToolError(f"{call.name} was not run: its arguments do not fit: {error}") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ToolError(f"{call.name} was not run: its arguments are not valid JSON: {error}") from error


def decode_field(call: ToolCall, name: str) -> str:
    """The one text argument of a call."""
    value = decode(call, dict[str, object]).get(name)
    if not isinstance(value, str):
        raise ToolError(f"{call.name} was not run: `{name}` must be a string")
    return value
