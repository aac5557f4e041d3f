from __future__ import annotations

from typing import Any

import msgspec

from spindled.agent.toolset.client_tools import ClientTools
from spindled.tools.base import ToolCall
from spindled_protocol.types import DynamicToolSpec
from tests.unit.agent.world import OPTIONS


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "description": "d", "inputSchema": {}, **fields}


SHOP = {
    "type": "namespace",
    "name": "shop",
    "description": "n",
    "tools": [tool("buy", deferLoading=True), tool("sell")],
}


def given(*specs: Any) -> list[DynamicToolSpec]:
    return msgspec.convert(specs, list[DynamicToolSpec])


def call(name: str, namespace: str | None = None, custom: bool = False) -> ToolCall:
    return ToolCall(call_id="c", name=name, arguments="{}", namespace=namespace, custom=custom)


def offered(tools: ClientTools, *taken: str) -> list[str]:
    """The names in order, those of a namespace behind its own."""
    return [
        name
        for spec in tools.specs(OPTIONS, set(taken))
        for name in [spec["name"], *(f"{spec['name']}/{each['name']}" for each in spec.get("tools", ()))]
    ]


def test_nothing_brought_along() -> None:
    assert offered(ClientTools()) == []
    assert ClientTools().find(call("tool_search")) is None


def test_tools_are_found_in_their_namespace_only() -> None:
    tools = ClientTools(given(tool("weather"), SHOP))
    assert tools.find(call("weather")) is not None
    assert tools.find(call("sell", "shop")) is not None
    for other in (call("sell"), call("weather", "shop"), call("weather", custom=True), call("none")):
        assert tools.find(other) is None


def test_a_built_in_tool_keeps_its_name() -> None:
    assert offered(ClientTools(given(tool("weather"), tool("other"))), "weather") == ["other"]


async def test_a_deferred_tool_is_offered_once_it_was_found() -> None:
    tools = ClientTools(given(SHOP))
    assert offered(tools) == ["shop", "shop/sell", "tool_search"]
    search = tools.find(call("tool_search"))
    assert search is not None
    arguments = '{"query": "buy"}'
    await search.run(ToolCall(call_id="c", name="tool_search", arguments=arguments), None)  # type: ignore[arg-type]
    assert offered(tools) == ["shop", "shop/buy", "shop/sell", "tool_search"]


def test_a_tool_that_was_called_before_counts_as_found() -> None:
    past = [{"type": "function_call", "name": "buy", "namespace": "shop", "call_id": "c", "arguments": "{}"}]
    assert "shop/buy" in offered(ClientTools(given(SHOP), lambda: past))
    assert ClientTools(given(SHOP)).find(call("buy", "shop")) is not None
