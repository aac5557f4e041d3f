from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.config.errors import ConfigError
from spindled.config.layers.overrides import merge, nest, parse_flag, split_key


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("a", ("a",)),
        ("a.b-c.d_1", ("a", "b-c", "d_1")),
        ('projects."/a.b/c".trust_level', ("projects", "/a.b/c", "trust_level")),
        ("a.'b.c'", ("a", "b.c")),
        (r'a."q\"q"', ("a", 'q"q')),
        ("projects./x/y.trust", ("projects", "/x/y", "trust")),
    ],
)
def test_split_key(key: str, parts: tuple[str, ...]) -> None:
    assert split_key(key) == parts


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", 'a."b', 'a."b"c', "a b"])
def test_broken_keys(key: str) -> None:
    with pytest.raises(ConfigError, match="is not a configuration key"):
        split_key(key)


@pytest.mark.parametrize(
    ("flag", "pair"),
    [
        ("model=gpt-5.5", ("model", "gpt-5.5")),
        ('model="5"', ("model", "5")),
        ("x = 5", ("x", 5)),
        ("x=true", ("x", True)),
        ("x=[1, 2]", ("x", [1, 2])),
        ("x={ a = 1 }", ("x", {"a": 1})),
        ("x=a=b", ("x", "a=b")),
        ("x=1\ny = 2", ("x", "1\ny = 2")),
        ("x=", ("x", "")),
    ],
)
def test_flags(flag: str, pair: tuple[str, Any]) -> None:
    assert parse_flag(flag) == pair


@pytest.mark.parametrize("flag", ["model", "=x", ""])
def test_broken_flags(flag: str) -> None:
    with pytest.raises(ConfigError, match="expected key=value"):
        parse_flag(flag)


def test_the_later_override_wins() -> None:
    assert nest([("a", 1), ("a.b", 2), ("a.c", 3)]) == {"a": {"b": 2, "c": 3}}
    assert nest([("a.b", 2), ("a", 1)]) == {"a": 1}
    assert nest([("a.b", 1), ("a", {"c": 2})]) == {"a": {"b": 1, "c": 2}}
    assert nest([("a", 1), ("a", None)]) == {"a": 1}


names = st.text(min_size=1, max_size=4)
leaves = st.integers() | st.booleans() | st.text() | st.lists(st.integers())
tables = st.recursive(
    st.dictionaries(names, leaves, max_size=3), lambda t: st.dictionaries(names, leaves | t, max_size=3)
)


def flat(table: dict[str, Any], prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for key, value in table.items():
        path = (*prefix, key)
        found |= flat(value, path) if isinstance(value, dict) and value else {path: value}
    return found


def quoted(path: tuple[str, ...]) -> str:
    return ".".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in path)


@given(names.map(lambda name: (name, name)))
def test_quoted_keys_survive(path: tuple[str, ...]) -> None:
    assert split_key(quoted(path)) == path


@given(tables)
def test_a_table_is_its_dotted_leaves(table: dict[str, Any]) -> None:
    assert nest([(quoted(path), value) for path, value in flat(table).items()]) == table


@given(tables, tables)
def test_merge(lower: dict[str, Any], upper: dict[str, Any]) -> None:
    before = repr((lower, upper))
    merged = merge(lower, upper)
    leaves = flat(merged)
    assert repr((lower, upper)) == before
    for path, value in flat(upper).items():
        assert value == {} or leaves[path] == value
    for path, value in leaves.items():
        assert value == {} or value in (flat(upper).get(path), flat(lower).get(path))
    assert merge(merged, upper) == merged
    assert merge({}, lower) == merge(lower, {}) == lower
