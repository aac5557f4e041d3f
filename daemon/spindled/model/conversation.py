"""A history of Responses items as turns of a conversation, for APIs that want messages.

What the model said and did at once stands together, and every output with its call, wherever the history has them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, TypeAlias

from msgspec import Struct

from .events import Item

log = logging.getLogger(__name__)

GO_ON = "Go on."  # said by the user where an API wants the last word to be the user's
NO_OUTPUT = "(no output)"
OUTPUTS = {"function_call_output": "function_call", "custom_tool_call_output": "custom_tool_call"}
SPOKEN_PARTS = ("input_text", "output_text", "text")


class Text(Struct, frozen=True):
    text: str


class Image(Struct, frozen=True):
    """`url`: also a data URL. `detail`: of the Responses API."""

    url: str
    detail: str | None = None


Part: TypeAlias = Text | Image


class Said(Struct):
    """By the user, or under the role "developer"."""

    role: str
    parts: list[Part]


class Reply(Struct):
    """Of the model: `items` are reasoning, messages and calls in their order; `outputs` by call id."""

    items: list[Item]
    outputs: dict[str, list[Part]]

    @property
    def calls(self) -> list[Item]:
        return [item for item in self.items if item["type"] in OUTPUTS.values()]


class Conversation(Struct):
    """`system`: the instructions, and what developers said before anyone else."""

    system: str
    turns: list[Said | Reply]


def conversation(instructions: str, items: Iterable[Item]) -> Conversation:
    """Items that are none of a conversation, and outputs without a call, are left out."""
    turns: list[Said | Reply] = []
    system = [instructions] if instructions else []
    reply: Reply | None = None
    replies: dict[str, Reply] = {}
    for item in items:
        kind = item.get("type", "message")
        if kind in OUTPUTS:
            called = replies.pop(str(item.get("call_id")), None)
            if called is None:
                log.debug("left out of the request: an output without a call")
            else:
                called.outputs[item["call_id"]] = parts_of(item.get("output"))
                reply = None
        elif kind == "message" and item.get("role") != "assistant":
            reply = None
            _say(item, turns, system)
        elif kind in ("message", "reasoning") or (kind in OUTPUTS.values() and item.get("call_id")):
            if reply is None:
                reply = Reply([], {})
                turns.append(reply)
            reply.items.append(item if "type" in item else {**item, "type": kind})
            if kind in OUTPUTS.values():
                replies[item["call_id"]] = reply
        else:
            log.debug("left out of the request: an item of type %s", kind)
    return Conversation("\n\n".join(system), turns)


def _say(item: Item, turns: list[Said | Reply], system: list[str]) -> None:
    role = "user" if item.get("role") == "user" else "developer"
    parts = parts_of(item.get("content"))
    if role == "developer" and not turns:
        system.extend(text for text in [text_of(parts)] if text)
    elif parts:
        turns.append(Said(role, parts))


def parts_of(content: Any) -> list[Part]:
    """The text and images of a message or an output; empty texts and what is neither are left out."""
    if isinstance(content, str):
        return [Text(content)] if content else []
    parts: list[Part] = []
    for part in content if isinstance(content, list) else []:
        kind = part.get("type")
        if kind in SPOKEN_PARTS or kind == "refusal":
            text = part.get("refusal" if kind == "refusal" else "text")
            parts += [Text(text)] if text else []
        elif kind == "input_image" and isinstance(part.get("image_url"), str):
            parts.append(Image(part["image_url"], part.get("detail")))
        else:
            log.debug("left out of the request: content of type %s", kind)
    return parts


def text_of(parts: Iterable[Part], between: str = "\n\n") -> str:
    return between.join(part.text for part in parts if isinstance(part, Text))


def said_text(item: Item) -> str:
    """The text of one of the model's messages."""
    return text_of(parts_of(item.get("content")), "")


def thought_text(item: Item) -> str:
    """The text of a reasoning item, raw or summarized."""
    texts = [part.get("text", "") for part in item.get("content") or item.get("summary") or []]
    return "\n\n".join(text for text in texts if text)
