"""What msgspec says about a value that does not fit, in the words of a configuration file. Imported on errors only."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from spindled.config.errors import KeyPath
from spindled.config.schema import Settings

_PLACE = re.compile(r"(?P<text>.*?)(?: - at `(?:key` in `)?\$(?P<place>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\.\.\.)\]|\[(\d+)\]")
_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<found>[^`]*)`")
_BOUND = re.compile(r"Expected `(?P<kind>\w+)` (?P<bound>[<>]=? \S+)")
_NAMES = {
    "str": "a string",
    "int": "an integer",
    "bool": "a boolean",
    "float": "a number",
    "object": "a table",
    "array": "a list",
    "null": "nothing",
}


def explained(error: msgspec.ValidationError, table: dict[str, Any]) -> tuple[KeyPath, str]:
    """The path of the value in `table` that does not fit Settings, and what was expected."""
    match = _PLACE.fullmatch(str(error))
    text, place = (match["text"], match["place"] or "") if match else (str(error), "")
    path: KeyPath = ()
    for name, anonymous, index in _STEP.findall(place):
        path = (*path, _culprit(table, path, str(error)) if anonymous else name if name else int(index))
    return path, _message(text, path, table)


def _culprit(table: dict[str, Any], path: KeyPath, error: str) -> str:
    """msgspec does not say which entry of a mapping is wrong: the one that fails alone."""
    entries: dict[str, Any] = _at(table, path)
    for name, value in entries.items():
        try:
            msgspec.convert(_only(path, {name: value}), Settings)
        except msgspec.ValidationError as found:
            if str(found) == error:
                return name
    return next(iter(entries))


def _at(value: Any, path: KeyPath) -> Any:
    for step in path:
        value = value[step]
    return value


def _only(path: KeyPath, value: Any) -> Any:
    for step in reversed(path):
        value = {step: value}
    return value


def _message(text: str, path: KeyPath, table: dict[str, Any]) -> str:
    if match := _WRONG_TYPE.fullmatch(text):
        kinds = [kind for kind in match["wanted"].split(" | ") if kind != "null"]
        wanted = " or ".join(_NAMES.get(kind, kind) for kind in kinds)
        return f"invalid type: expected {wanted}, found {_NAMES.get(match['found'], match['found'])}"
    if text.startswith("Invalid enum value"):
        choices = ", ".join(f"`{choice}`" for choice in _choices(path))
        return f"unknown value `{_at(table, path)}`" + (f", expected one of {choices}" if choices else "")
    if match := _BOUND.match(text):
        return f"invalid value: expected {_NAMES.get(match['kind'], match['kind'])} {match['bound']}"
    return text


def _choices(path: KeyPath) -> list[str]:
    kinds = [Settings]
    for step in path:
        kinds = [below for kind in kinds for below in _below(kind, step)]
    return [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]


def _below(kind: Any, step: str | int) -> list[Any]:
    if get_origin(kind) in (dict, list):
        return _members(get_args(kind)[-1])
    hints = get_type_hints(kind) if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else {}
    return _members(hints[str(step)]) if step in hints else []


def _members(kind: Any) -> list[Any]:
    return list(get_args(kind)) if get_origin(kind) in (UnionType, Union) else [kind]
