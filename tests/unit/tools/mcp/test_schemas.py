"""Schemas from outside, made fit for every provider."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.tools.mcp.schemas import tool_schema

KEYWORDS = ["type", "properties", "items", "enum", "const", "anyOf", "$defs", "required", "additionalProperties", "a"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), below, max_size=4),
    max_leaves=20,
)


def prop(schema: Any) -> Any:
    return tool_schema({"type": "object", "properties": {"p": schema}})["properties"]["p"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"type": "string", "minLength": 2, "pattern": "a", "format": "x", "default": ""}, {"type": "string"}),
        ({"description": "d"}, {"type": "string", "description": "d"}),
        (True, {"type": "string"}),
        ({"const": 1}, {"type": "string", "enum": [1]}),
        ({"type": "array"}, {"type": "array", "items": {"type": "string"}}),
        ({"items": {"type": "integer"}}, {"type": "array", "items": {"type": "integer"}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"properties": {}}, {"type": "object", "properties": {}}),
        ({"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "colour"}, {"type": "string"}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"type": "object", "additionalProperties": {"type": "number", "maximum": 3}},
         {"type": "object", "properties": {}, "additionalProperties": {"type": "number"}}),
    ],
)  # fmt: skip
def test_what_models_use_is_kept(given: Any, wanted: Any) -> None:
    assert prop(given) == wanted


def test_definitions_stay_beside_what_refers_to_them() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string", "minLength": 1}}}
    assert tool_schema(schema) == {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "string"}},
    }


def test_a_schema_that_is_too_deep_ends_somewhere() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(500):
        schema = {"type": "array", "items": schema}
    assert msgspec.json.encode(tool_schema({"properties": {"p": schema}})).count(b"items") < 40


@given(st.dictionaries(st.sampled_from(["type", "properties", "required", "$defs", "items"]), JSON, max_size=4))
def test_whatever_comes_it_becomes_an_object(schema: dict[str, Any]) -> None:
    made = tool_schema(schema)
    assert made["type"] == "object"
    assert isinstance(made["properties"], dict)
    assert tool_schema(made) == made
