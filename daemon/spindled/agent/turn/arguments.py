"""The arguments of a call before it runs: what the history may hold of them, and what is wrong with them."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

Item = dict[str, Any]

SHOWN = 400  # characters of malformed arguments that the model is shown


class Checked(NamedTuple):
    """A call as the history holds it; `fault` says why it must not run."""

    item: Item
    fault: str | None = None


def checked(call: Item) -> Checked:
    """The call with arguments that are a JSON object: every provider parses those of the past.

    Malformed ones become `{}`; their beginning stays readable in the fault, which is written for the model.
    """
    if call.get("type") == "custom_tool_call":
        text = call.get("input")
        return Checked(call if isinstance(text, str) else {**call, "input": _text(text)})
    if call.get("type") != "function_call":
        return Checked(call)
    text = call.get("arguments")
    if not isinstance(text, str):  # some servers send the object itself
        text = _text(text)
        call = {**call, "arguments": text}
    wrong = malformation(text)
    if wrong is None:
        return Checked(call if text.strip() else {**call, "arguments": "{}"})
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"
    fault = f"{call.get('name')} was not run: its arguments are {wrong}. They were: {shown}"
    return Checked({**call, "arguments": "{}"}, fault)


def malformation(text: str) -> str | None:
    """Why a text is no JSON object; an empty one stands for `{}`."""
    if not text.strip():
        return None
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return f"not valid JSON ({error})"
    return None if isinstance(value, dict) else "JSON, but not an object"


def canonical(text: str) -> bytes:
    """Arguments that mean the same as the same bytes; free text stays as it is."""
    try:
        return msgspec.json.encode(msgspec.json.decode(text), order="sorted")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text.encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode() if value is not None else ""
