from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.tools.dynamic.dynamic_specs import SpecError, check
from spindled_protocol.types import DynamicToolSpec


def tool(name: str = "weather", **fields: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "description": "d", "inputSchema": {"type": "object"}, **fields}


def space(name: str, *tools: Any) -> dict[str, Any]:
    return {"type": "namespace", "name": name, "description": "n", "tools": list(tools)}


def specs(*given: Any) -> list[DynamicToolSpec]:
    return msgspec.convert(given, list[DynamicToolSpec])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([tool("")], "dynamic tool name must not be empty"),
        ([tool(" a ")], "leading/trailing whitespace"),
        ([tool("a b")], r"must match \^\[a-zA-Z0-9_-\]\+\$"),
        ([tool("x" * 129)], "at most 128 characters"),
        ([tool("mcp__a")], "dynamic tool name is reserved: mcp__a"),
        ([tool(), tool()], "duplicate dynamic tool name: weather"),
        ([tool(deferLoading=True)], "deferred dynamic tool must include a namespace: weather"),
        ([tool(inputSchema="x")], "input schema is not supported for weather"),
        ([space("shop")], "must contain at least one tool: shop"),
        ([space("shop", tool(), tool())], "duplicate dynamic tool name in namespace shop: weather"),
        ([space("shop", tool("a")), space("shop", tool("b"))], "duplicate dynamic tool namespace: shop"),
        ([space("a b", tool())], "dynamic tool namespace must match"),
        ([space("x" * 65, tool())], "at most 64 characters"),
        ([space("mcp", tool())], "dynamic tool namespace is reserved: mcp"),
        ([space("functions", tool())], "reserved Responses API namespace: functions"),
    ],
)
def test_what_cannot_be_offered(given: list[Any], text: str) -> None:
    with pytest.raises(SpecError, match=text):
        check(specs(*given))


@pytest.mark.parametrize(
    "given",
    [
        [],
        [tool("x" * 128), tool("exec_command"), tool("a", inputSchema={})],
        [space("shop", tool("a", deferLoading=True)), tool("a")],
        [space("a", tool("x")), space("b", tool("x"))],
    ],
)
def test_what_can(given: list[Any]) -> None:
    check(specs(*given))
