from __future__ import annotations

from spindled.faces.lsp import briefs
from spindled.faces.lsp.briefs import Diagnostic, Place, Span

TEXT = "one\ntwo\nthree\n"


def span(start: tuple[int, int], end: tuple[int, int]) -> Span:
    return Span(Place(*start), Place(*end))


def test_a_selection_is_whole_lines() -> None:
    chosen = briefs.quoted("a", TEXT, span((1, 1), (2, 0)), "utf-16")
    assert (chosen.place, chosen.text) == ("a, line 2", "two\n")
    chosen = briefs.quoted("a", TEXT, span((1, 1), (2, 1)), "utf-16")
    assert (chosen.place, chosen.text) == ("a, lines 2 to 3", "two\nthree\n")
    assert briefs.quoted("a", TEXT, span((99, 0), (99, 0)), "utf-16").text == ""
    assert briefs.quoted("a", TEXT, None, "utf-16").text == TEXT


def test_a_fix_names_the_problem_and_its_place() -> None:
    chosen = briefs.quoted("a", TEXT, span((1, 0), (1, 3)), "utf-16")
    brief = briefs.fix(chosen, [Diagnostic("unused", span((1, 0), (1, 3)), source="lint", code=7)])
    assert "line 2, column 1 to line 2, column 4: unused (lint 7)" in brief
    assert "```\ntwo\n```" in brief


def test_the_users_words_win() -> None:
    chosen = briefs.quoted("a", TEXT, None, "utf-16")
    assert briefs.refactor(chosen, "simplify", "Use a loop.").startswith("Use a loop.\n")
    assert briefs.refactor(chosen, "document", "").startswith("Document this code")
    assert briefs.review("Look at locks.", chosen).endswith("Look at locks.")
    assert briefs.ask("Why?", None) == "Why?"


def test_a_fence_is_longer_than_what_it_holds() -> None:
    chosen = briefs.quoted("a", "```\n````\n", None, "utf-16")
    assert "`````\n```\n````\n`````" in briefs.explain(chosen, [])


def test_a_long_selection_is_cut() -> None:
    chosen = briefs.quoted("a", "x\n" * 1000, None, "utf-16")
    assert "(800 more lines)" in briefs.explain(chosen, [])
