"""The chunks of a Chat Completions stream: the members that anything is made of."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Function(Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class ToolCallPart(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: Function | None = None
    extra_content: Any = None  # Gemini: goes back with the call


class Delta(Struct, gc=False):
    content: Any = None  # text, or a list of parts
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_details: Any = None
    tool_calls: list[ToolCallPart] | None = None
    function_call: Function | None = None  # the older form of one call


class Choice(Struct, gc=False):
    index: int | None = 0
    delta: Delta | None = None
    finish_reason: str | None = None
    usage: Any = None


class Chunk(Struct, gc=False):
    id: Any = None
    object: Any = None
    choices: list[Choice] | None = None
    usage: Any = None
    timings: Any = None
    error: Any = None
