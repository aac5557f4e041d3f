from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.store.quoting import join, split

_WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["/bin/bash", "-lc", "echo 0"], "/bin/bash -lc 'echo 0'"),
        (["echo", ""], "echo ''"),
        (["it's"], '"it\'s"'),
        (["a=b"], "'a=b'"),
        (["'$x"], "\"'\"'$x'"),
        (["\\"], '"\\\\"'),
        (["^a^"], "'^a''^'"),
    ],
)
def test_quotes_like_the_reference(words: list[str], line: str) -> None:
    assert join(words) == line


@given(st.lists(_WORD, min_size=1))
def test_a_shell_reads_the_same_words(words: list[str]) -> None:
    assert split(join(words)) == words == shlex.split(join(words))


def test_unbalanced_quotes_are_one_word() -> None:
    assert split("echo 'oops") == ["echo 'oops"]
