from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.namespaces import MOST, flat_name, flattened, renamed
from spindled.model.request import ModelRequest

Json = dict[str, Any]


def function(name: str) -> Json:
    return {"type": "function", "name": name, "description": "d", "parameters": {"type": "object"}}


SHOP: Json = {"type": "namespace", "name": "shop", "description": "s", "tools": [function("buy"), function("sell")]}
SEARCH: Json = {"type": "web_search"}


def test_tools_of_a_namespace_become_functions() -> None:
    request = flattened(ModelRequest(model="m", tools=[function("shell"), SHOP, SEARCH]))
    assert [tool.get("name") for tool in request.tools] == ["shell", "shop__buy", "shop__sell", None]
    assert request.tools[1] == {**function("buy"), "name": "shop__buy"}


def test_calls_of_the_past_are_named_alike() -> None:
    call = {"type": "function_call", "name": "buy", "namespace": "shop", "call_id": "c", "arguments": "{}"}
    plain = {"type": "function_call", "name": "shell", "call_id": "d", "arguments": "{}"}
    said = {"type": "message", "role": "user", "content": []}
    assert flattened(ModelRequest(model="m", input=[call, plain, said])).input == [
        {"type": "function_call", "name": "shop__buy", "call_id": "c", "arguments": "{}"},
        plain,
        said,
    ]


def test_the_way_back() -> None:
    assert renamed([function("shell"), SHOP]) == {"shop__buy": ("shop", "buy"), "shop__sell": ("shop", "sell")}
    long = "x" * 100
    assert renamed([function(long)]) == {flat_name(None, long): (None, long)}


@pytest.mark.parametrize(("namespace", "name"), [(None, "a"), ("n", "a"), (None, "a" * 128), ("n" * 64, "a" * 128)])
def test_a_name_that_every_provider_takes(namespace: str | None, name: str) -> None:
    assert len(flat_name(namespace, name)) <= MOST


names = st.text("ab", min_size=1, max_size=90)


@given(st.lists(st.tuples(names, names), unique=True, max_size=6))
def test_every_tool_is_found_again(keys: list[tuple[str, str]]) -> None:
    tools = [{"type": "namespace", "name": space, "tools": [function(name)]} for space, name in keys]
    back = renamed(tools)
    assert [back[tool["name"]] for tool in flattened(ModelRequest(model="m", tools=tools)).tools] == keys
