from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.sampling.plan_text import Piece, PlanText, divided, may_become


def streamed(deltas: Iterable[str]) -> list[Piece]:
    parser = PlanText()
    return [piece for delta in deltas for piece in parser.feed(delta)] + parser.finish()


def both(pieces: Iterable[Piece]) -> tuple[str, list[str]]:
    """The text outside, and each plan's."""
    outside, plans = "", list[str]()
    for piece in pieces:
        if piece.begins:
            plans.append("")
        if piece.plan:
            plans[-1] += piece.text
        else:
            outside += piece.text
    return outside, plans


@pytest.mark.parametrize(
    ("text", "outside", "plan"),
    [
        ("plain", "plain", None),
        ("<proposed_plan>\nA\n</proposed_plan>", "", "A\n"),
        ("a\n  <proposed_plan>  \nx\n  </proposed_plan>  \ny", "a\ny", "x\n"),
        ("inline <proposed_plan>x</proposed_plan> y", "inline <proposed_plan>x</proposed_plan> y", None),
        ("only\n<proposed_plan>\nnever closed", "only\n", "never closed"),
        ("<proposed_plan>\nA\n</proposed_plan>\nmid\n<proposed_plan>\nB\n</proposed_plan>\nend", "mid\nend", "B\n"),
        ("<proposed_plan>\n</proposed_plan>\n", "", ""),
        ("</proposed_plan>\nx", "</proposed_plan>\nx", None),
        ("<proposed_plan>\n<proposed_plan>\n</proposed_plan>", "", "<proposed_plan>\n"),
        ("<proposed_plans>\nx", "<proposed_plans>\nx", None),
        ("<proposed_plan>\r\nx\r\n</proposed_plan>\r\n", "", "x\r\n"),
    ],
)
def test_what_is_a_plan(text: str, outside: str, plan: str | None) -> None:
    assert divided(text) == (outside, plan)


def test_only_what_may_become_a_tag_is_held_back() -> None:
    parser = PlanText()
    assert parser.feed("Words <prop") == [Piece("Words <prop")]
    assert parser.feed("\n<prop") == [Piece("\n")]
    assert parser.feed("er>") == [Piece("<proper>")]
    assert may_become("<a>", " <") and may_become("<a>", "<a> ") and not may_become("<a>", "<a>b")


words = st.sampled_from(["<proposed_plan>", "</proposed_plan>", "\n", " ", "x", "<", "text ", "</prop", "\r"])


@given(st.lists(words, max_size=12).map("".join), st.data())
def test_the_cuts_do_not_matter(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    deltas = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    outside, plans = both(streamed(deltas))
    assert (outside, plans[-1] if plans else None) == divided(text)
