"""What the scripted model reads in a request: the latest user message and the tool outputs that came after it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

IMAGE_TOKENS = 1000
CHARACTERS_PER_TOKEN = 4
_CACHE_BLOCK = 128

_CONTEXT = re.compile(r"\s*<([a-zA-Z_]+)[ >].*</\1>\s*", re.DOTALL)
_EXIT_CODE = re.compile(r"^(?:Process exited with code|Exit code:) (-?\d+)$", re.MULTILINE)
_DECLINED = re.compile(r"\b(rejected|declined|denied)\b", re.IGNORECASE)
_FAILED = re.compile(r"\b(failed|error|aborted|cancelled|unsupported|unknown)\b", re.IGNORECASE)


class TextFormat(Struct):
    type: str = "text"
    schema: dict[str, Any] | UnsetType = UNSET


class TextOptions(Struct):
    format: TextFormat | None = None


class ResponsesRequest(Struct):
    """The fields of a Responses request that the scripted model looks at."""

    input: str | list[dict[str, Any]]
    stream: bool = False
    prompt_cache_key: str | None = None
    text: TextOptions | None = None


class Outcome(Struct, frozen=True):
    """A tool call that has its output: "ok", "declined" or "failed", and the first line of the output."""

    tool: str
    state: str
    line: str


class Conversation(Struct, frozen=True, kw_only=True):
    message: str
    outcomes: tuple[Outcome, ...]
    schema: dict[str, Any] | None
    key: str = field(default="")
    """Names this message of this conversation: the same for a retried request, another for a later message."""


def read_conversation(request: ResponsesRequest) -> Conversation:
    items = _items(request)
    at = _latest_user_message(items)
    message = _text(items[at].get("content", "")) if at >= 0 else ""
    key = f"{request.prompt_cache_key}\0{at}\0{message}"
    text_format = request.text.format if request.text else None
    return Conversation(
        message=message,
        outcomes=tuple(_outcomes(items[at + 1 :])),
        schema=text_format.schema or None if text_format else None,
        key=hashlib.sha256(key.encode()).hexdigest()[:16],
    )


def count_prompt_tokens(request: ResponsesRequest, body_size: int) -> tuple[int, int]:
    """(input tokens, of which cached): characters / 4, an image counted as a fixed number.

    Cached are three quarters, in whole blocks, once the conversation holds something that the model wrote.
    """
    items = _items(request)
    images = [part["image_url"] for item in items for part in _parts(item) if isinstance(part.get("image_url"), str)]
    tokens = (body_size - sum(map(len, images))) // CHARACTERS_PER_TOKEN + IMAGE_TOKENS * len(images)
    seen = any(item.get("role") == "assistant" or str(item.get("type")).endswith("_call") for item in items)
    return tokens, tokens * 3 // 4 // _CACHE_BLOCK * _CACHE_BLOCK if seen else 0


def _items(request: ResponsesRequest) -> list[dict[str, Any]]:
    if isinstance(request.input, str):
        return [{"type": "message", "role": "user", "content": request.input}]
    return request.input


def _latest_user_message(items: list[dict[str, Any]]) -> int:
    """Its index; text that is all one tagged block is context put there by the agent, not the user's."""
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if item.get("role") == "user" and not _CONTEXT.fullmatch(_text(item.get("content", ""))):
            return index
    return -1


def _parts(item: dict[str, Any]) -> list[dict[str, Any]]:
    content = item.get("output") if "output" in item else item.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)


def _outcomes(items: list[dict[str, Any]]) -> list[Outcome]:
    names = {item.get("call_id"): str(item.get("name", "tool")) for item in items if "name" in item}
    return [
        _outcome(names.get(item.get("call_id"), "tool"), _text(item.get("output")))
        for item in items
        if str(item.get("type")).endswith("_call_output")
    ]


def _outcome(tool: str, output: str) -> Outcome:
    head, found, printed = output.partition("Output:\n")
    lines = (printed if found else output).strip().splitlines()
    line = lines[0] if lines else "no text"
    exit_code = _EXIT_CODE.search(head)
    if exit_code is not None:
        return Outcome(tool, "ok" if exit_code[1] == "0" else "failed", line)
    if not found and _DECLINED.search(line):
        return Outcome(tool, "declined", line)
    return Outcome(tool, "failed" if not found and _FAILED.search(line) else "ok", line)
