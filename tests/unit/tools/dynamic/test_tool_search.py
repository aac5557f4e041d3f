from __future__ import annotations

import json
from typing import Any

import pytest

from spindled.tools.base import ToolCall, ToolError, ToolOptions
from spindled.tools.dynamic.dynamic import DynamicTool
from spindled.tools.dynamic.tool_search import ToolSearch, best, words
from spindled_protocol.types import FunctionDynamicToolSpec


def tool(name: str, description: str, namespace: str = "shop") -> DynamicTool:
    return DynamicTool(FunctionDynamicToolSpec(name=name, description=description, inputSchema={}), namespace)


BUY = tool("buy_item", "Order a thing and pay for it.")
SELL = tool("sell", "Offer a thing to others.")
RAIN = tool("getForecast", "Rain and sun, by city.", "weather")
TOOLS = [BUY, SELL, RAIN]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("buy", [BUY]),
        ("pay for a thing", [BUY, SELL]),
        ("forecast", [RAIN]),
        ("Weather in a CITY", [RAIN, BUY, SELL]),
        ("nothing of this", []),
        ("", []),
    ],
)
def test_the_best_come_first(query: str, found: list[DynamicTool]) -> None:
    assert best(TOOLS, query)[: len(found)] == found
    assert bool(best(TOOLS, query)) == bool(found)


def test_words() -> None:
    assert words("getHTTPForecast by_city-2") == ["get", "httpforecast", "by", "city", "2"]


async def test_what_is_found_is_loaded(context: Any) -> None:
    loaded: list[DynamicTool] = []
    search = ToolSearch(TOOLS, {"shop": "A shop."}, loaded.extend)
    call = ToolCall(call_id="c", name="tool_search", arguments='{"query": "thing", "limit": 1}')
    output = await search.run(call, context)
    assert [each["name"] for each in json.loads(str(output.content))] == [each.name for each in loaded]
    assert len(loaded) == 1
    none = ToolCall(call_id="c", name="tool_search", arguments='{"query": "zebra"}')
    assert (await search.run(none, context)).content == "No tool matches."


@pytest.mark.parametrize("arguments", ["{}", '{"query": ""}', '{"query": "x", "limit": 0}'])
async def test_a_search_for_nothing(context: Any, arguments: str) -> None:
    with pytest.raises(ToolError, match="tool_search was not run"):
        await ToolSearch(TOOLS, {}, print).run(ToolCall(call_id="c", name="tool_search", arguments=arguments), context)


def test_the_model_is_told_where_there_is_more(options: ToolOptions) -> None:
    assert "- shop: A shop." in ToolSearch(TOOLS, {"shop": "A shop."}, print).spec(options)["description"]
