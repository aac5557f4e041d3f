from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.turn.arguments import SHOWN, canonical, checked, malformation


def function(arguments: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": "c", "name": "write", "arguments": arguments}


@pytest.mark.parametrize("text", ["{}", '{"path": "a"}', ' {"n": [1, null]} '])
def test_objects_are_left_alone(text: str) -> None:
    call = function(text)
    assert checked(call) == (call, None)
    assert checked(call).item is call


@pytest.mark.parametrize("text", ["", "  \n", None])
def test_no_arguments_are_an_empty_object(text: Any) -> None:
    assert checked(function(text)) == (function("{}"), None)


@pytest.mark.parametrize(
    "text", ['{"path": "a', "nope", "[1]", '"text"', "1", "null", "{} {}", "[" * 100_000, '{"a": "\ud800"}']
)
def test_anything_else_does_not_run(text: str) -> None:
    """Rows 1-24, 1-26: non-object JSON equally, and the history stays valid for every provider."""
    item, fault = checked(function(text))
    assert item == function("{}")
    assert fault is not None
    assert fault.startswith("write was not run: its arguments are ")
    assert text[:SHOWN] in fault
    assert len(fault) < SHOWN + 300


def test_arguments_that_are_an_object_already() -> None:
    item, fault = checked(function({"path": "a"}))
    assert fault is None
    assert json.loads(item["arguments"]) == {"path": "a"}


def test_free_text_is_free() -> None:
    call = {"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "*** {"}
    assert checked(call) == (call, None)
    assert checked({**call, "input": None}) == ({**call, "input": ""}, None)
    other = {"type": "local_shell_call", "call_id": "c", "action": {}}
    assert checked(other) == (other, None)


@given(st.text(max_size=60) | st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)).map(json.dumps))
def test_what_stays_is_always_an_object(text: str) -> None:
    item, fault = checked(function(text))
    assert isinstance(json.loads(item["arguments"]), dict)
    assert (fault is None) == (malformation(text) is None)


def test_canonical() -> None:
    assert canonical('{"b": 1, "a": [2]}') == canonical('{"a":[2],"b":1}')
    assert canonical("free text") == b"free text"
