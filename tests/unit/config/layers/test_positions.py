from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spindled.config.errors import Span
from spindled.config.layers.positions import locate


def test_every_way_to_write_a_key() -> None:
    text = "\n".join(
        [
            "a = 1 # a comment with [brackets] and 'quotes'",
            '"b.c" . d = "x" ',
            "[t.'u v']",
            "k = [ 1, # one",
            "  { z = '''q",
            "''' }, [ 2 ] ]",
            "[[arr]]",
            "n = 1",
            "[[arr]]",
            "n = 2",
            "[arr.sub]",
            "m = -1.5e3",
        ]
    )
    assert locate(text, ("a",)) == Span(1, 5, 1, 5)
    assert locate(text, ("b.c", "d")) == Span(2, 13, 2, 15)
    assert locate(text, ("t", "u v", "k", 0)) == Span(4, 7, 4, 7)
    assert locate(text, ("t", "u v", "k", 1, "z")) == Span(5, 9, 6, 3)
    assert locate(text, ("t", "u v", "k", 2, 0)) == Span(6, 10, 6, 10)
    assert locate(text, ("arr", 1, "n")) == Span(10, 5, 10, 5)
    assert locate(text, ("arr", 1, "sub", "m")) == Span(12, 5, 12, 10)


def test_the_nearest_table_stands_in_for_a_missing_key() -> None:
    assert locate("[a.b]\nc = 1\n", ("a", "b", "missing")) == Span(1, 1, 1, 5)
    assert locate("c = 1\n", ("missing",)) is None


leaves = (
    st.integers(0, 99) | st.booleans() | st.text(st.characters(codec="ascii", exclude_characters="\x7f"), max_size=6)
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
names = st.text("ab.\"# \\'é", min_size=1, max_size=5)


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.data())
def test_the_span_holds_the_value(table: dict[str, Any], data: st.DataObject) -> None:
    written = {key: json.dumps(value) for key, value in table.items()}
    text = "".join(f"{json.dumps(key, ensure_ascii=False)} = {value}\n" for key, value in written.items())
    key = data.draw(st.sampled_from(sorted(table)))
    span = locate(text, (key,))
    assert span is not None
    assert text.split("\n")[span.line - 1][span.column - 1 : span.end_column] == written[key]
