"""Names for tools that every provider takes, and that nobody mixes up."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from spindled.tools.mcp.names import MOST, model_names, namespace

KEYS = st.lists(st.tuples(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80)), unique=True, max_size=12)


def test_a_plain_name_stays_readable() -> None:
    assert model_names([("lab", "echo"), ("my-server", "a.b/c")]) == {
        ("lab", "echo"): "mcp__lab__echo",
        ("my-server", "a.b/c"): "mcp__my_server__a_b_c",
    }


def test_two_that_would_be_the_same_are_told_apart() -> None:
    names = model_names([("lab", "a-b"), ("lab", "a_b"), ("lab", "c")])
    assert names["lab", "c"] == "mcp__lab__c"
    assert all(re.fullmatch(r"mcp__lab__a_b_[0-9a-f]{12}", names["lab", tool]) for tool in ("a-b", "a_b"))


def test_a_long_name_is_cut_and_ends_in_a_hash() -> None:
    names = model_names([("lab", "x" * 70), ("lab", "x" * 71)])
    assert len(set(names.values())) == 2
    assert all(len(name) == MOST for name in names.values())


def test_a_name_does_not_depend_on_strangers() -> None:
    alone = model_names([("lab", "a-b")])
    assert model_names([("lab", "a-b"), ("other", "z")])["lab", "a-b"] == alone["lab", "a-b"]


def test_the_namespace_is_the_first_part() -> None:
    assert namespace("a.b") == "mcp__a_b"


@given(KEYS)
def test_names_are_of_the_right_form_and_all_different(keys: list[tuple[str, str]]) -> None:
    names = model_names(keys)
    assert set(names) == set(keys)
    assert len(set(names.values())) == len(keys)
    assert all(re.fullmatch(r"[a-zA-Z0-9_]{1,64}", name) for name in names.values())
