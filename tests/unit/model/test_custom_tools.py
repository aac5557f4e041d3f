from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model import custom_tools


@given(st.text())
def test_wrapping_and_unwrapping(text: str) -> None:
    assert custom_tools.unwrapped(custom_tools.encoded(custom_tools.wrapped(text))) == text


@pytest.mark.parametrize(
    "arguments", ["*** Begin Patch", '{"patch": "x"}', '{"input": 7}', '{"input": "cut', "", "[1]"]
)
def test_what_was_not_wrapped_is_the_input(arguments: str) -> None:
    assert custom_tools.unwrapped(arguments) == arguments


def test_a_bare_string_is_the_input() -> None:
    assert custom_tools.unwrapped('"text"') == "text"


def test_a_grammar_is_told() -> None:
    spec = {"type": "custom", "name": "t", "format": {"type": "grammar", "syntax": "lark", "definition": "start: X"}}
    schema = custom_tools.parameters(spec)
    assert schema["required"] == ["input"]
    assert "lark" in schema["properties"]["input"]["description"]
    assert "start: X" in schema["properties"]["input"]["description"]


@given(st.dictionaries(st.text(), st.integers() | st.text(), min_size=1), st.data())
def test_no_beginning_of_an_object_is_whole(value: dict[str, object], data: st.DataObject) -> None:
    text = custom_tools.encoded(value)
    assert custom_tools.is_whole(text)
    assert not custom_tools.is_whole(text[: data.draw(st.integers(0, len(text) - 1))])
