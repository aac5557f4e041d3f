from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.tools.patch.parser import AddFile, DeleteFile, Hunk, PatchError, UpdateFile, parse, render

LINE = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=12)
WORD = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)
ANCHOR = WORD
HUNK_LINE = st.tuples(st.sampled_from(" -+"), LINE)
HUNK = st.tuples(st.lists(HUNK_LINE, min_size=1, max_size=5), st.lists(ANCHOR, max_size=2), st.booleans())


@st.composite
def updates(draw: st.DrawFn) -> UpdateFile:
    hunks = draw(st.lists(HUNK, max_size=3))
    made = tuple(Hunk(tuple(lines), tuple(anchors), end, n) for n, (lines, anchors, end) in enumerate(hunks, 1))
    return UpdateFile(draw(WORD), made, draw(WORD if not hunks else st.none() | WORD))


OPERATION = st.one_of(
    st.builds(AddFile, WORD, st.lists(LINE, max_size=4).map(lambda lines: "".join(f"{line}\n" for line in lines))),
    st.builds(DeleteFile, WORD),
    updates(),
)


@given(st.lists(OPERATION, min_size=1, max_size=4))
def test_round_trip(operations: list[AddFile | DeleteFile | UpdateFile]) -> None:
    assert parse(render(operations)) == operations


PIECE = st.sampled_from(
    [
        "*** Begin Patch",
        "*** End Patch",
        "*** Add File: a",
        "*** Update File: b",
        "*** Delete File: c",
        "*** Move to: d",
        "@@",
        "@@ x",
        "+a",
        "-b",
        " c",
        "",
        "*** End of File",
        "***",
        "*** Add File:",
        "<<'EOF'",
        "EOF",
        "\r",
        "zz",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECE).map("\n".join)))
def test_anything_else_is_a_patch_error(text: str) -> None:
    try:
        operations = parse(text)
    except PatchError:
        return
    assert parse(render(operations)) == operations


UPDATE = "*** Begin Patch\n*** Update File: a.txt\n@@\n-old\n+new\n*** End Patch"


@pytest.mark.parametrize(
    "text",
    [
        UPDATE,
        UPDATE + "\n",
        f"\n\n{UPDATE}\n\n",
        f"<<'EOF'\n{UPDATE}\nEOF",
        f"<<EOF\n{UPDATE}\nEOF\n",
        UPDATE.replace("\n", "\r\n"),
        UPDATE.replace("Begin Patch", "Begin Patch  ").replace("@@", "@@ ").replace("a.txt", "a.txt "),
        UPDATE.replace("@@\n", ""),
        UPDATE.replace("+new", "+new\n"),
        UPDATE.replace("*** Update", "\n*** Update"),
    ],
)
def test_what_is_tolerated(text: str) -> None:
    assert parse(text) == [UpdateFile("a.txt", (Hunk((("-", "old"), ("+", "new"))),))]


def test_an_empty_line_inside_a_hunk_is_kept_text() -> None:
    (update,) = parse("*** Begin Patch\n*** Update File: a\n-x\n\n+y\n*** End Patch")
    assert isinstance(update, UpdateFile)
    assert update.hunks[0].lines == (("-", "x"), (" ", ""), ("+", "y"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("garbage", "line 1: the patch must begin"),
        ("*** Begin Patch\n*** End Patch", "empty"),
        ("*** Begin Patch\n*** Add File: a\n+x", "line 3: .*End Patch' is missing"),
        ("*** Begin Patch\n*** Add File: a\nx\n*** End Patch", r"line 3: .*'\+'"),
        ("*** Begin Patch\n*** Update File: a\n@@\nx\n*** End Patch", "line 4: hunk 1: .*'x'"),
        ("*** Begin Patch\n*** Update File: a\n*** End Patch", "no hunk"),
        ("*** Begin Patch\n*** Update File: a\n@@\n@@ b\n*** End Patch", "hunk 1 has no lines"),
        ("*** Begin Patch\n*** Move File: a\n*** End Patch", "line 2: .*no file header"),
        ("*** Begin Patch\n*** Delete File: \n*** End Patch", "names no file"),
        ("*** Begin Patch\n*** Delete File: a\n*** End Patch\nmore", "after"),
        ("*** Begin Patch\n*** Delete File: a\n+x\n*** End Patch", "line 3"),
    ],
)
def test_errors_say_where(text: str, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        parse(text)
