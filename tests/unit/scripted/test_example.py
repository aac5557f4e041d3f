"""Values made for a schema satisfy it."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.scripted.example import example

leaves = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "minLength": 12},
        {"type": ["integer", "null"], "minimum": 2},
        {"type": "number", "exclusiveMinimum": 4, "maximum": 9},
        {"type": "number", "exclusiveMaximum": -4},
        {"type": "boolean"},
        {"type": "null"},
        {"const": [1]},
        {"enum": ["x", 2]},
        {},
    ]
)
schemas = st.recursive(
    leaves,
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner).map(
            lambda p: {"type": "object", "properties": p, "required": sorted(p), "additionalProperties": False}
        )
        | st.tuples(inner, st.integers(0, 2)).map(lambda t: {"type": "array", "items": t[0], "minItems": t[1]})
        | st.lists(inner, min_size=1, max_size=2).map(lambda s: {"anyOf": s})
    ),
    max_leaves=6,
)


@given(schemas)
def test_valid(schema):
    jsonschema.validate(example(schema), schema)


def test_all_of_and_references():
    schema = {
        "allOf": [{"$ref": "#/$defs/named"}, {"properties": {"n": {"type": "integer"}}, "required": ["n"]}],
        "$defs": {"named": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
    }
    jsonschema.validate(example(schema), schema)


@pytest.mark.parametrize("reference", ["#", "#/$defs/missing", "elsewhere.json"])
def test_without_a_finite_value(reference):
    with pytest.raises(ValueError, match="schema"):
        example({"type": "object", "properties": {"a": {"$ref": reference}}, "required": ["a"]})


def test_a_choice_that_ends_is_preferred():
    node = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        "required": ["next"],
    }
    assert example(node) == {"next": None}


@pytest.mark.parametrize("schema", [{"anyOf": [{"$ref": "#"}] * 3}, {"type": "array", "minItems": 10**9}])
def test_size_is_bounded(schema):
    with pytest.raises(ValueError, match="no end"):
        example(schema)
