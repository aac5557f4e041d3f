"""msgspec's validation texts in the words that clients of this wire know."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from spindled.rpc.errors import invalid_request

__all__ = ["decode_params"]

_EXPECTED = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "array": "a sequence",
    "object": "a map",
    "null": "null",
}
_GOT = {
    "str": "string",
    "int": "integer",
    "float": "floating point",
    "bool": "boolean",
    "array": "sequence",
    "object": "map",
}


def decode_params(decoder: msgspec.json.Decoder[Any], params: bytes | msgspec.Raw) -> Any:
    """Raises RpcError that names the first thing wrong and where it is."""
    try:
        return decoder.decode(params)
    except msgspec.ValidationError as error:
        raise invalid_request(describe(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid_request(str(error)) from None
    except RecursionError:
        raise invalid_request("nested too deeply") from None


def describe(text: str) -> str:
    """``Expected `str`, got `int` - at `$.cwd``` becomes ``invalid type: integer, expected a string at `cwd```."""
    problem, _, path = text.partition(" - at ")
    place = path.strip("`").removeprefix("$").removeprefix(".")
    return _problem(problem, place) + (f" at `{place}`" if place else "")


def _problem(text: str, place: str) -> str:
    if found := re.fullmatch(r"Object missing required field (`.*`)", text):
        return f"missing field {found[1]}"
    if found := re.fullmatch(r"Invalid (?:enum )?value '?(.*?)'?", text, re.DOTALL):
        return f"unknown variant `{found[1]}`"
    if found := re.fullmatch(r"Expected `(.*)`, got `(.*)`", text):
        return f"invalid type: {_GOT.get(found[2], found[2])}, expected {_types(found[1])}"
    return text[:1].lower() + text[1:]


def _types(union: str) -> str:
    names = [name for name in union.split(" | ") if name != "null"] or ["null"]
    return " or ".join(_EXPECTED.get(name, name) for name in names)
