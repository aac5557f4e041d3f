"""History, tools and the choice among them: checked, so that what follows need not doubt them."""

from __future__ import annotations

from typing import Any

from spindled.faces.gateway.errors import Refusal
from spindled.faces.gateway.seals import inward

Json = dict[str, Any]
NAMED = ("function", "custom")
CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
OUTPUTS = ("function_call_output", "custom_tool_call_output")
MODES = ("auto", "none", "required")
PARTS = ("input_text", "output_text", "text", "refusal", "input_image", "summary_text", "reasoning_text")


def checked_input(given: str | list[Json], wire_api: str) -> list[Json]:
    """The history as items. Raises Refusal; a Responses provider judges for itself what the others cannot have."""
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}]
    return [_item(inward(item), f"input[{number}]", wire_api) for number, item in enumerate(given)]


def _item(item: Json, place: str, wire_api: str) -> Json:
    kind = item.get("type", "message")
    if kind == "item_reference":
        raise Refusal(501, "Nothing is stored here that an item could refer to.", code="unsupported_value", param=place)
    if kind in ("message", "reasoning"):
        for member in ("content", "summary"):
            _content(item.get(member), f"{place}.{member}", wire_api)
    elif kind in CALLS:
        _texts(item, place, "call_id", "name")
        _texts(item, place, CALLS[kind], empty=True)
    elif kind in OUTPUTS:
        _texts(item, place, "call_id")
        _content(item.get("output"), f"{place}.output", wire_api)
    return item


def _texts(item: Json, place: str, *members: str, empty: bool = False) -> None:
    for member in members:
        if not isinstance(item.get(member), str) or not (empty or item[member]):
            raise _malformed(f"{place}.{member}", "a text is needed")


def _content(content: Any, place: str, wire_api: str) -> None:
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        raise _malformed(place, "a text or a list of parts is needed")
    for number, part in enumerate(content):
        where = f"{place}[{number}]"
        if not isinstance(part, dict):
            raise _malformed(where, "an object is needed")
        kind = part.get("type")
        image = kind == "input_image"
        if not image and kind in PARTS:
            _texts(part, where, "refusal" if kind == "refusal" else "text", empty=True)
        elif wire_api != "responses" and not (image and isinstance(part.get("image_url"), str)):
            text = "Only texts, and images with an `image_url`, can be sent to this provider."
            raise Refusal(501, text, code="unsupported_value", param=where)


def checked_tools(tools: list[Json], choice: str | Json, wire_api: str) -> tuple[list[Json], str | Json]:
    """The tools that the model is to know, and which of them it has to use. Raises Refusal."""
    for number, tool in enumerate(tools):
        if tool.get("type") in NAMED:
            _texts(tool, f"tools[{number}]", "name")
            if not isinstance(tool.get("parameters"), dict | None):
                raise _malformed(f"tools[{number}].parameters", "a JSON schema is needed")
    if isinstance(choice, str):
        if choice not in MODES:
            raise _malformed("tool_choice", f"one of {', '.join(MODES)}, or an object, is needed")
        return tools, choice
    if wire_api == "responses":
        return tools, choice
    kind, name = choice.get("type"), choice.get("name")
    if kind == "allowed_tools" and isinstance(choice.get("tools"), list) and choice.get("mode") in MODES:
        names = [each.get("name") for each in choice["tools"] if isinstance(each, dict)]
        return [tool for tool in tools if tool.get("name") in names], str(choice["mode"])
    if kind in NAMED and any((tool.get("type"), tool.get("name")) == (kind, name) for tool in tools):
        return tools, choice
    if kind in NAMED:
        raise _malformed("tool_choice.name", "the name of one of the tools is needed")
    raise Refusal(501, "This provider cannot be told to use that tool.", code="unsupported_value", param="tool_choice")


def _malformed(param: str, wanted: str) -> Refusal:
    return Refusal(400, f"Invalid value of `{param}`: {wanted}.", code="invalid_value", param=param)
