"""A request for the Messages API."""

from __future__ import annotations

import hashlib
import logging
import re
from typing import Any

import msgspec

from spindled.config.models.models import lookup

from .. import custom_tools
from ..conversation import GO_ON, NO_OUTPUT, Part, Reply, Said, Text, conversation, said_text
from ..events import Item
from ..quirks import Quirks
from ..request import ModelRequest, filled
from ..sealed import Seal
from . import thinking

log = logging.getLogger(__name__)

Json = dict[str, Any]
DEFAULT_MAX_TOKENS = 32_000
ANSWER_TOOL = "give_final_answer"
ANSWER_DESCRIPTION = "Gives the final answer. Call it once, when the work is done, instead of writing the answer."
CALL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
DATA_URL = re.compile(r"data:([^;,]+);base64,", re.IGNORECASE)
EPHEMERAL = {"type": "ephemeral"}
_encoder = msgspec.json.Encoder()


def encode(request: ModelRequest, quirks: Quirks, seal: Seal) -> bytes:
    """The body of a POST to .../messages."""
    return _encoder.encode(body(request, quirks, seal))


def body(request: ModelRequest, quirks: Quirks, seal: Seal) -> Json:
    """System prompt, tools and the last thing the user said are marked for the provider's cache."""
    talk = conversation(request.instructions, request.input)
    max_tokens = request.max_output_tokens or most_tokens(request)
    forced = request.tool_choice not in ("auto", "none")
    thinks = None if forced else thinking.thinking(request, quirks, max_tokens)
    written = messages(talk.turns, quirks, seal)
    if thinks is not None and quirks.thinking == "budget" and not thinking.may_go_on(written):
        thinks = None
    if thinks is None:
        written = thinking.without(written)
    tools = [spec for tool in request.tools if (spec := tool_spec(tool)) is not None]
    answer_tool = request.output_schema is not None and not quirks.output_format
    if answer_tool:
        tools.append({"name": ANSWER_TOOL, "description": ANSWER_DESCRIPTION, "input_schema": request.output_schema})
    system = [{"type": "text", "text": talk.system}] if talk.system else []
    mark(system, tools, written)
    fields: Json = {
        "model": request.model,
        "system": system,
        "tools": tools,
        "tool_choice": tool_choice(request, answer=answer_tool and thinks is None) if tools else None,
        "thinking": thinks,
        "output_config": output_config(request, quirks),
        "temperature": request.temperature if thinks is None else None,  # a model that thinks takes none
        "top_p": request.top_p if thinks is None else None,
    }
    return {**filled(fields), "max_tokens": max_tokens, "stream": True, "messages": framed(written)}


def most_tokens(request: ModelRequest) -> int:
    """What is asked for if the request does not say: the API wants a number."""
    limit = request.output_limit or lookup(request.model).max_output_tokens
    return min(limit or DEFAULT_MAX_TOKENS, DEFAULT_MAX_TOKENS)


def tool_choice(request: ModelRequest, *, answer: bool) -> Json:
    """`answer`: the model has to call a tool, at the end that of the answer. One that thinks cannot be forced to."""
    single = {} if request.parallel_tool_calls else {"disable_parallel_tool_use": True}
    choice = request.tool_choice
    if isinstance(choice, dict):
        return {"type": "tool", "name": choice.get("name"), **single}
    if choice == "none":
        return {"type": "none"}
    return {"type": "any" if answer or choice == "required" else "auto", **single}


def output_config(request: ModelRequest, quirks: Quirks) -> Json:
    wanted = request.output_schema if quirks.output_format else None
    return filled(
        {
            "effort": quirks.effort(request.effort) if quirks.efforts and request.effort not in thinking.OFF else None,
            "format": {"type": "json_schema", "schema": wanted} if wanted is not None else None,
        }
    )


def tool_spec(tool: Json) -> Json | None:
    """A Responses tool in this API's form; None for the kinds that only a Responses provider has."""
    kind = tool.get("type")
    if kind == "function":
        schema = tool.get("parameters") or {"type": "object", "properties": {}}
    elif kind == "custom":
        schema = custom_tools.parameters(tool)
    else:
        log.debug("left out of the request: a tool of type %s", kind)
        return None
    return {**filled({"name": tool["name"], "description": tool.get("description")}), "input_schema": schema}


def messages(turns: list[Said | Reply], quirks: Quirks, seal: Seal) -> list[Json]:
    """User and assistant in turn; outputs begin the user's message behind their calls."""
    written: list[Json] = []
    for turn in turns:
        if isinstance(turn, Said):
            extend(written, "user", [content_block(part) for part in turn.parts])
            continue
        texts = [said_text(item) for item in turn.items if item["type"] == "message"]
        spoken = [{"type": "text", "text": text} for text in texts if text.strip()]
        calls = [call_block(item) for item in turn.calls]
        if spoken or calls:
            extend(written, "assistant", [*thinking.blocks(turn, quirks, seal), *spoken, *calls])
            extend(written, "user", [output_block(item, turn) for item in turn.calls])
    return written


def extend(written: list[Json], role: str, blocks: list[Json]) -> None:
    """Two messages of one role in a row would be refused."""
    if blocks and written and written[-1]["role"] == role:
        written[-1]["content"] += blocks
    elif blocks:
        written.append({"role": role, "content": blocks})


def framed(written: list[Json]) -> list[Json]:
    """The user has the first word and the last: elsewhere a message of the model's counts as begun, not as said."""
    prompt = {"role": "user", "content": [{"type": "text", "text": GO_ON}]}
    first = [] if written and written[0]["role"] == "user" else [prompt]
    last = [prompt] if written and written[-1]["role"] == "assistant" else []
    return [*first, *written, *last]


def content_block(part: Part) -> Json:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if data := DATA_URL.match(part.url):
        source = {"type": "base64", "media_type": data.group(1), "data": part.url[data.end() :]}
    else:
        source = {"type": "url", "url": part.url}
    return {"type": "image", "source": source}


def call_block(item: Item) -> Json:
    """The input has to be an object, whatever the model once sent."""
    if item["type"] == "custom_tool_call":
        arguments: Any = custom_tools.wrapped(item.get("input", ""))
    else:
        arguments = custom_tools.decoded(item.get("arguments") or "{}")
    if not isinstance(arguments, dict):
        arguments = custom_tools.wrapped(str(item.get("arguments")))
    return {"type": "tool_use", "id": call_id(item), "name": item.get("name"), "input": arguments}


def output_block(item: Item, turn: Reply) -> Json:
    parts = turn.outputs.get(item["call_id"]) or [Text(NO_OUTPUT)]
    return {"type": "tool_result", "tool_use_id": call_id(item), "content": [content_block(part) for part in parts]}


def call_id(item: Item) -> str:
    """Ids of other providers may have characters that this API refuses."""
    known = str(item["call_id"])
    return known if CALL_ID.fullmatch(known) else f"call_{hashlib.sha256(known.encode()).hexdigest()[:32]}"


def mark(system: list[Json], tools: list[Json], written: list[Json]) -> None:
    """Cache marks: each caches all that stands before it."""
    spoken = [message for message in written if message["role"] == "user"]
    for blocks in (system, tools, spoken[-1]["content"] if spoken else []):
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": EPHEMERAL}
