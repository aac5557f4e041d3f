from __future__ import annotations

import tomllib
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spindled.config.home.document import Edit, EditError, applied, edited, same

FILE = dedent(
    """\
    # mine
    model = "a"   # the model
    profile = 'p'

    # about it
    [model_providers.x]
    base_url = "http://x"  # here

    [projects."/a.b"]
    trust_level = "trusted"

    [features]
    goals = true # g

    [projects."/c"]
    trust_level = "trusted"
    """
)


def lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """What went and what came."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("edit", "gone", "come"),
    [
        (Edit(("model",), "b"), ['model = "a"   # the model'], ['model = "b"   # the model']),
        (Edit(("model_verbosity",), "low"), [], ['model_verbosity = "low"']),
        (Edit(("projects", "/a.b", "trust_level"), "untrusted"), [], ['trust_level = "untrusted"']),
        (Edit(("projects", "/d"), {"trust_level": "untrusted"}), [], ['[projects."/d"]', 'trust_level = "untrusted"']),
        (Edit(("features", "goals"), False), ["goals = true # g"], ["goals = false # g"]),
        (Edit(("nope", "at", "all"), 1), [], ["[nope.at]", "all = 1"]),
        (Edit(("model",), None), ['model = "a"   # the model'], []),
        (Edit(("features",), None), ["[features]", "goals = true # g"], []),
        (Edit(("tools",), {"a": [1, {"b": 2.5}]}), [], ["[tools]", "a = [1, {b = 2.5}]"]),
        (
            Edit(("model_providers", "x"), {"name": "X"}, upsert=True),
            [],
            ['name = "X"'],
        ),
        (
            Edit(("model_providers", "x"), {"name": "X"}),
            ['base_url = "http://x"  # here'],
            ['name = "X"'],
        ),
    ],
)
def test_only_what_is_named_changes(edit: Edit, gone: list[str], come: list[str]) -> None:
    assert lines(FILE, edited(FILE, [edit])) == (gone, come)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("model",), "a"),
        Edit(("not_there",), None),
        Edit(("not", "there"), None),
        Edit(("model", "below"), None),
        Edit(("features",), {"goals": True}, upsert=True),
    ],
)
def test_an_edit_that_changes_nothing_leaves_the_text(edit: Edit) -> None:
    assert edited(FILE, [edit]) == FILE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1 # one\n\n# about it\n[t]\n", "a = 1 # one\nk = [1]\n\n# about it\n[t]\n"),
        ("a = [\n  1,\n] # one\nb.c = 1\n[t]\n", "a = [\n  1,\n] # one\nk = [1]\nb.c = 1\n[t]\n"),
        ("[[t]]\na = 1\n", "k = [1]\n[[t]]\na = 1\n"),
        ("a = 1", "a = 1\nk = [1]"),
        ("", "k = [1]\n"),
    ],
)
def test_a_new_key_stands_with_its_like(before: str, after: str) -> None:
    assert edited(before, [Edit(("k",), [1])]) == after


def test_one_true_and_one_point_zero_are_three_values() -> None:
    text = "a = 1\n"
    for value, written in [(True, "true"), (1.0, "1.0")]:
        assert edited(text, [Edit(("a",), value)]) == f"a = {written}\n"


def test_a_table_takes_the_place_of_a_value() -> None:
    assert tomllib.loads(edited(FILE, [Edit(("model", "x"), 1)]))["model"] == {"x": 1}


def test_later_edits_see_earlier_ones() -> None:
    text = edited("", [Edit(("a",), {"b": 1}), Edit(("a", "c"), 2), Edit(("a", "b"), None)])
    assert tomllib.loads(text) == {"a": {"c": 2}}


@pytest.mark.parametrize("value", [[None], {"a": None}, {"a": [{"b": None}]}, 2**63, [-(2**63) - 1]])
def test_what_toml_cannot_say(value: Any) -> None:
    with pytest.raises(EditError, match="`k"):
        edited(FILE, [Edit(("k",), value)])


def test_what_is_no_toml_is_not_edited() -> None:
    with pytest.raises(ValueError):
        edited("model = \n", [Edit(("model",), "x")])


KEYS = st.sampled_from(["a", "b", "c.d", "e f", "", "ü", '"'])
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
EDITS = st.builds(Edit, st.lists(KEYS, min_size=1, max_size=3).map(tuple), st.none() | VALUES, upsert=st.booleans())
PIECES = st.lists(
    st.sampled_from(
        [
            "a = 1 # one\n",
            'b = { a = 1, b = { "c.d" = [1, 2] } }\n',
            "c.a = 1\nc.b = 2\n",
            "[a]\nb = 1\n\n",
            "# above\n[a.b]\n  c = '''x\ny''' # c\n",
            '[a."c.d"]\n',
            "[b.a]\nx = [\n  1, # one\n  2,\n]\n",
            "[[b.list]]\na = 1\n[[b.list]]\na = 2\n",
            "[c]\na.b = 1\na.c = 2\n",
            "[a.c]\r\nd = 1\r\n",
        ]
    ),
    max_size=5,
    unique=True,
).map("".join)


@given(PIECES, st.lists(EDITS, max_size=3))
def test_the_result_means_what_the_edits_say_or_there_is_none(text: str, edits: list[Edit]) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    for edit in edits:
        expected = applied(expected, edit)
    try:
        result = edited(text, edits)
    except EditError:
        return
    assert same(tomllib.loads(result), expected)
