"""tools/shell_syntax: scripts as syntax trees, and the scripts that the grammar alone does not survive."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spindled.tools.commands import shell_syntax
from spindled.tools.commands.shell_syntax import UnreadableScript, parse


def test_nodes_have_the_words_of_the_script() -> None:
    script = "écho 'ü \U0001f600' | größe $x"
    root = parse(script)
    assert (root.type, root.has_error, root.text) == ("program", False, script)
    assert [node.text for node in root.walk() if node.type == "command"] == ["écho 'ü \U0001f600'", "größe $x"]


@example("{\U0010dd81")  # the bare grammar kills the process here
@given(st.text())
def test_every_text_is_read_or_refused(script: str) -> None:
    root = parse(script)
    assert root.text in script
    for node in root.walk():
        assert node.text in root.text


@pytest.mark.parametrize("script", ["a|" * 100_000, "a=(" * 60_000, "cat " + "<<HERE " * 20_000])
def test_what_takes_the_grammar_too_long_is_refused(script: str) -> None:
    with pytest.raises(UnreadableScript, match="tangled"):
        parse(script)
    assert not parse("a | b").has_error  # the next one is none the worse for it


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(UnreadableScript, match="more than"):
        parse("a" * (shell_syntax.MAX_CHARACTERS + 1))
