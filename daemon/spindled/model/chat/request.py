"""A request for Chat Completions."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import msgspec

from .. import custom_tools
from ..conversation import GO_ON, NO_OUTPUT, Image, Part, Reply, Said, Text, conversation, said_text, text_of
from ..custom_tools import encoded
from ..events import Item
from ..quirks import Quirks
from ..request import ModelRequest, filled
from ..sealed import Seal
from .reasoning import extras, replayed

log = logging.getLogger(__name__)

Json = dict[str, Any]
DETAILS = ("auto", "low", "high")
_encoder = msgspec.json.Encoder()


def encode(request: ModelRequest, quirks: Quirks, seal: Seal) -> bytes:
    """The body of a POST to .../chat/completions."""
    return _encoder.encode(body(request, quirks, seal))


def body(request: ModelRequest, quirks: Quirks, seal: Seal) -> Json:
    """Members that would be empty, and those that the endpoint does not take, are left out."""
    tools = [spec for tool in request.tools if (spec := tool_spec(tool, quirks)) is not None]
    fields: Json = {
        "model": request.model,
        "stream": True,
        "stream_options": {"include_usage": True} if quirks.stream_options else None,
        "tools": tools,
        "tool_choice": tool_choice(request.tool_choice) if tools else None,
        "parallel_tool_calls": request.parallel_tool_calls if tools and quirks.parallel_tool_calls else None,
        "reasoning_effort": quirks.effort(request.effort) if quirks.reasoning_effort else None,
        "response_format": response_format(request, quirks),
        quirks.max_tokens_field: request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
    }
    if quirks.openai_members:
        fields |= {
            "store": False,
            "prompt_cache_key": request.cache_key,
            "verbosity": request.verbosity,
            "service_tier": request.service_tier,
        }
    return {**filled(fields), "messages": messages(request, quirks, seal)}


def tool_choice(choice: str | Json) -> str | Json:
    """A custom tool is a function here too."""
    return choice if isinstance(choice, str) else {"type": "function", "function": {"name": choice.get("name")}}


def response_format(request: ModelRequest, quirks: Quirks) -> Json | None:
    schema = request.output_schema
    if schema is None:
        return None
    if not quirks.json_schema:
        return {"type": "json_object"}
    wanted = {"name": "turn_output", "strict": request.output_strict, "schema": schema}
    return {"type": "json_schema", "json_schema": wanted}


def tool_spec(tool: Json, quirks: Quirks) -> Json | None:
    """A Responses tool as a function; None for the kinds that only a Responses provider has."""
    kind = tool.get("type")
    if kind == "function":
        parameters = tool.get("parameters") or {"type": "object", "properties": {}}
    elif kind == "custom":
        parameters = custom_tools.parameters(tool)
    else:
        log.debug("left out of the request: a tool of type %s", kind)
        return None
    function = {"name": tool["name"], "description": tool.get("description"), "parameters": parameters}
    strict = {"strict": tool["strict"]} if quirks.strict and kind == "function" and "strict" in tool else {}
    return {"type": "function", "function": {**filled(function), **strict}}


def messages(request: ModelRequest, quirks: Quirks, seal: Seal) -> list[Json]:
    """Instructions, then the turns: the outputs right behind their calls, neighbours of one role as one message."""
    talk = conversation(request.instructions, request.input)
    writer = Writer(quirks, seal)
    if request.output_schema is not None and not quirks.json_schema:
        wanted = f"Answer with JSON that follows this JSON schema:\n{encoded(request.output_schema)}"
        talk.system = f"{talk.system}\n\n{wanted}".lstrip()
    for turn in talk.turns:
        if isinstance(turn, Said):
            writer.said(turn)
        else:
            writer.reply(turn)
    if not writer.written or writer.written[-1]["role"] == "assistant":
        writer.user([Text(GO_ON)])
    system = [{"role": quirks.system_role, "content": talk.system}] if talk.system else []
    return [*system, *map(plain, writer.written)]


class Writer:
    """Writes messages; the content of a user's stays a list of parts until all is written."""

    def __init__(self, quirks: Quirks, seal: Seal):
        self.written: list[Json] = []
        self._quirks = quirks
        self._seal = seal

    def said(self, turn: Said) -> None:
        if turn.role == "user" or self._quirks.developer_role == "user":
            self.user(turn.parts)
        elif text := text_of(turn.parts):
            self.written.append({"role": self._quirks.developer_role, "content": text})

    def user(self, parts: list[Part]) -> None:
        """What the user says at once is one message: some templates insist on roles that alternate."""
        if self.written and self.written[-1]["role"] == "user":
            self.written[-1]["content"] += parts
        else:
            self.written.append({"role": "user", "content": list(parts)})

    def reply(self, turn: Reply) -> None:
        """Reasoning goes back with text or calls only; images of outputs follow as the user's."""
        text = "".join(said_text(item) for item in turn.items if item["type"] == "message")
        extra = extras(turn, self._seal)
        calls = [self._call(item, extra.get(item["call_id"])) for item in turn.calls]
        if not text and not calls:
            return
        thoughts = replayed(turn, self._quirks, self._seal)
        self.written.append(
            {"role": "assistant", "content": text or None, **thoughts, **({"tool_calls": calls} if calls else {})}
        )
        images: list[Part] = []
        for item in turn.calls:
            parts = turn.outputs.get(item["call_id"], [])
            shown = [part for part in parts if isinstance(part, Image)]
            images += [Text(f"Images that {item.get('name')} gave:"), *shown] if shown else []
            content = text_of(parts, "\n") or NO_OUTPUT
            self.written.append({"role": "tool", "tool_call_id": self._call_id(item), "content": content})
        if images:
            self.user(images)

    def _call(self, item: Item, extra: Any) -> Json:
        custom = item["type"] == "custom_tool_call"
        arguments = encoded(custom_tools.wrapped(item.get("input", ""))) if custom else item.get("arguments") or "{}"
        function = {"name": item.get("name"), "arguments": arguments}
        more = {"extra_content": extra} if extra else {}
        return {"id": self._call_id(item), "type": "function", "function": function, **more}

    def _call_id(self, item: Item) -> str:
        call_id = str(item["call_id"])
        if not self._quirks.short_call_ids or (len(call_id) == 9 and call_id.isascii() and call_id.isalnum()):
            return call_id
        return hashlib.sha256(call_id.encode()).hexdigest()[:9]


def plain(message: Json) -> Json:
    """A user's message for the wire: mere text as text."""
    parts = message["content"]
    if message["role"] != "user":
        return message
    if all(isinstance(part, Text) for part in parts):
        return {**message, "content": text_of(parts)}
    return {**message, "content": [content_part(part) for part in parts]}


def content_part(part: Part) -> Json:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    detail = {"detail": part.detail} if part.detail in DETAILS else {}
    return {"type": "image_url", "image_url": {"url": part.url, **detail}}
