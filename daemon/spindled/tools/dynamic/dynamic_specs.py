"""Whether the tools that a client brings along can be offered to a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from spindled_protocol.types import NamespaceDynamicToolSpec

if TYPE_CHECKING:
    from spindled_protocol.types import DynamicToolSpec

NAME = re.compile(r"[a-zA-Z0-9_-]+")
MOST_OF_NAME, MOST_OF_NAMESPACE = 128, 64
RESERVED = frozenset(
    [
        "api_tool",
        "browser",
        "computer",
        "container",
        "file_search",
        "functions",
        "image_gen",
        "multi_tool_use",
        "python",
        "python_user_visible",
        "submodel_delegator",
        "terminal",
        "tool_search",
        "web",
    ]
)
"""Namespaces that models of the Responses API have been trained on."""


class SpecError(ValueError):
    """A tool that cannot be offered; the text is for the client."""


def check(specs: Sequence[DynamicToolSpec]) -> None:
    """Raises SpecError for the first one that cannot be offered."""
    functions = [spec for spec in specs if not isinstance(spec, NamespaceDynamicToolSpec)]
    namespaces = [spec for spec in specs if isinstance(spec, NamespaceDynamicToolSpec)]
    for spec in specs:
        if isinstance(spec, NamespaceDynamicToolSpec):
            check_namespace(spec)
        else:
            check_tool(spec.name, spec.inputSchema)
            if spec.deferLoading is True:
                raise SpecError(f"deferred dynamic tool must include a namespace: {spec.name}")
    if twice := repeated(spec.name for spec in functions):
        raise SpecError(f"duplicate dynamic tool name: {twice}")
    if twice := repeated(spec.name for spec in namespaces):
        raise SpecError(f"duplicate dynamic tool namespace: {twice}")


def check_namespace(spec: NamespaceDynamicToolSpec) -> None:
    check_name("dynamic tool namespace", spec.name, MOST_OF_NAMESPACE)
    if spec.name in RESERVED:
        raise SpecError(f"dynamic tool namespace collides with a reserved Responses API namespace: {spec.name}")
    if not spec.tools:
        raise SpecError(f"dynamic tool namespace must contain at least one tool: {spec.name}")
    for tool in spec.tools:
        check_tool(tool.name, tool.inputSchema)
    if twice := repeated(tool.name for tool in spec.tools):
        raise SpecError(f"duplicate dynamic tool name in namespace {spec.name}: {twice}")


def check_tool(name: str, schema: Any) -> None:
    check_name("dynamic tool name", name, MOST_OF_NAME)
    if not isinstance(schema, dict | bool):
        raise SpecError(f"dynamic tool input schema is not supported for {name}: it is no JSON schema")


def check_name(what: str, name: str, most: int) -> None:
    if not name.strip():
        raise SpecError(f"{what} must not be empty")
    if name != name.strip():
        raise SpecError(f"{what} has leading/trailing whitespace: {name}")
    if not NAME.fullmatch(name):
        raise SpecError(f"{what} must match ^[a-zA-Z0-9_-]+$ to match Responses API: {name}")
    if len(name) > most:
        raise SpecError(f"{what} must be at most {most} characters to match Responses API: {name}")
    if name == "mcp" or name.startswith("mcp__"):
        raise SpecError(f"{what} is reserved: {name}")


def repeated(names: Iterable[str]) -> str | None:
    """The first name that comes a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
