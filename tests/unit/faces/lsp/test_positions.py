from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spindled.faces.lsp.edits import text_edits
from spindled.faces.lsp.positions import Encoding, Position, Range, lines_of, offset, spliced, units

ENCODINGS: list[Encoding] = ["utf-8", "utf-16", "utf-32"]
TEXTS = st.text("ab é😋\u2028\f\r\n", max_size=30)


@given(TEXTS)
@example("a\r\nb\rc\nd")
@example("")
def test_lines_are_the_text(text: str) -> None:
    lines = lines_of(text)
    assert "".join(lines) == text
    assert all(line.endswith(("\r", "\n")) for line in lines[:-1])
    assert not lines[-1].endswith(("\r", "\n"))
    assert len(lines) == 1 + text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_every_place_is_found(text: str, encoding: Encoding, data: st.DataObject) -> None:
    lines = lines_of(text)
    line = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[line].rstrip("\r\n"))))
    place = Position(line, units(lines[line][:column], encoding))
    assert offset(text, place, encoding) == sum(map(len, lines[:line])) + column


@pytest.mark.parametrize(("encoding", "count"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_units(encoding: Encoding, count: int) -> None:
    assert units("😋", encoding) == count
    assert offset("😋x", Position(0, count), encoding) == 1
    assert offset("a😋x", Position(0, 2), encoding) == (2 if count == 1 else 1)


def test_what_is_beyond_counts_as_the_end() -> None:
    assert offset("ab\ncd", Position(0, 99), "utf-16") == 2
    assert offset("ab\ncd", Position(9, 0), "utf-16") == 5
    assert offset("ab\r\ncd\n", Position(0, 3), "utf-16") == 2
    assert spliced("ab\n", Range(Position(0, 1), Position(0, 0)), "x", "utf-16") == "axb\n"


@given(TEXTS, TEXTS, st.sampled_from(ENCODINGS))
def test_edits_make_the_other_text(before: str, after: str, encoding: Encoding) -> None:
    text = before
    for edit in reversed(text_edits(before, after, encoding)):
        text = spliced(text, edit.range, edit.text, encoding)
    assert text == after


def test_edits_leave_alone_what_stays() -> None:
    edits = text_edits("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n", "utf-16")
    assert [(edit.range, edit.text) for edit in edits] == [
        (Range(Position(1, 0), Position(2, 0)), "B\n"),
        (Range(Position(4, 0), Position(4, 0)), "e\n"),
    ]
