from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.process import quoting


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["/bin/bash", "-lc", "ls -la"], "/bin/bash -lc 'ls -la'"),
        (["/bin/bash", "-lc", "true"], "/bin/bash -lc true"),
        (["x", "grep 'a b' ."], "x \"grep 'a b' .\""),
        (["x", "awk '{print $1}' a.txt"], "x \"awk '{print \"'$1}'\"' a.txt\""),
        (["sed", "-n", "1,5p"], "sed -n '1,5p'"),
        ([""], "''"),
    ],
)
def test_as_the_wire_shows_it(words: list[str], line: str) -> None:
    assert quoting.join(words) == line


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_a_shell_reads_the_same_words(words: list[str]) -> None:
    assert shlex.split(quoting.join(words)) == words
