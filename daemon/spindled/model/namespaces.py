"""Tools in namespaces where an API has only plain names: `shop` and `buy` become `shop__buy`, both ways."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from .request import ModelRequest

BETWEEN = "__"
MOST = 64  # characters of a function's name
DIGITS = 12  # of the hash that stands for what does not fit

Json = dict[str, Any]
Own = tuple[str | None, str]
"""A tool's namespace and its name there."""


def flat_name(namespace: str | None, name: str) -> str:
    """One name that every provider takes."""
    joined = f"{namespace}{BETWEEN}{name}" if namespace else name
    if len(joined) <= MOST:
        return joined
    digest = hashlib.sha256(f"{namespace}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{joined[: MOST - DIGITS - 1]}_{digest}"


def flattened(request: ModelRequest) -> ModelRequest:
    """The request without namespaces, in its tools and in the calls of the past."""
    tools = [{**tool, "name": flat_name(*own)} if "name" in tool else tool for own, tool in members(request.tools)]
    return replace(request, tools=tools, input=[flat_call(item) for item in request.input])


def flat_call(item: Json) -> Json:
    if item.get("type") not in ("function_call", "custom_tool_call"):
        return item
    name = flat_name(item.get("namespace"), str(item.get("name")))
    if name == item.get("name"):
        return item
    return {**{key: value for key, value in item.items() if key != "namespace"}, "name": name}


def renamed(tools: list[Json]) -> dict[str, Own]:
    """The tools whose flat name is not their own, by the flat one."""
    names = {flat_name(*own): own for own, _ in members(tools)}
    return {flat: own for flat, own in names.items() if own != (None, flat)}


def members(tools: list[Json]) -> Iterator[tuple[Own, Json]]:
    """Every tool that a model can call, those of namespaces one by one."""
    for tool in tools:
        if tool.get("type") == "namespace":
            yield from (((tool["name"], member["name"]), member) for member in tool["tools"])
        else:
            yield (None, str(tool.get("name"))), tool
