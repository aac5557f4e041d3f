from __future__ import annotations

from typing import Any

import pytest

from spindled.agent.turn.verdicts import (
    MAX_CONTINUATIONS,
    MAX_UNASKED,
    Again,
    Ending,
    Fail,
    Finish,
    GoOn,
    SoFar,
    Verdict,
    judge,
)
from spindled.model.events import Completed, Incomplete

NONE = SoFar()


def whole(end_turn: bool | None = None) -> Completed:
    return Completed("r", None, end_turn)


def early(reason: str = "max_output_tokens", *lost: str) -> Incomplete:
    return Incomplete("r", None, reason, list(lost))


CASES: dict[str, tuple[Ending, SoFar, type[Verdict], SoFar]] = {
    "a message": (Ending(whole(), spoke=True), NONE, Finish, NONE),
    "thoughts and a message": (Ending(whole(), spoke=True, thought=True), NONE, Finish, NONE),
    "nothing at all": (Ending(whole()), NONE, Finish, NONE),
    "calls": (Ending(whole(), called=True, thought=True), SoFar(1, 1, 3), GoOn, SoFar(1)),
    "cut": (Ending(None, thought=True), SoFar(1, 0, 2), Finish, SoFar(1)),
    "cut behind calls": (Ending(None, called=True), NONE, GoOn, NONE),
    "thoughts only": (Ending(whole(), thought=True), SoFar(2), Again, SoFar(2, repeats=1)),
    "thoughts only, again": (Ending(whole(), thought=True), SoFar(2, repeats=1), Fail, SoFar(2)),
    "not through": (Ending(whole(False), spoke=True), NONE, GoOn, SoFar(unasked=1)),
    "not through, thoughts only": (Ending(whole(False), thought=True), NONE, GoOn, SoFar(unasked=1)),
    "not through, the last time": (
        Ending(whole(False), spoke=True),
        SoFar(unasked=MAX_UNASKED - 1),
        GoOn,
        SoFar(unasked=MAX_UNASKED),
    ),
    "never through": (Ending(whole(False), spoke=True), SoFar(unasked=MAX_UNASKED), Finish, NONE),
    "through": (Ending(whole(True), spoke=True), SoFar(unasked=2), Finish, NONE),
    "cut off text": (Ending(early(), spoke=True), NONE, GoOn, SoFar(1)),
    "cut off text, the last time": (Ending(early(), spoke=True), SoFar(2), GoOn, SoFar(3)),
    "cut off text, too often": (Ending(early(), spoke=True), SoFar(MAX_CONTINUATIONS), Fail, SoFar(3)),
    "cut off thoughts": (Ending(early(), thought=True), SoFar(1, repeats=1), GoOn, SoFar(2)),
    "lost calls": (Ending(early("max_output_tokens", "a"), called=True), NONE, GoOn, SoFar(1)),
    "lost calls, too often": (Ending(early("max_output_tokens", "a")), SoFar(MAX_CONTINUATIONS), Fail, SoFar(3)),
    "cut off behind calls": (Ending(early(), called=True), SoFar(MAX_CONTINUATIONS), GoOn, SoFar(3)),
    "content filter": (Ending(early("content_filter"), spoke=True), NONE, Fail, NONE),
    "another reason": (Ending(early("cancelled"), called=True), NONE, Fail, NONE),
}


@pytest.mark.parametrize("name", CASES)
def test_every_ending(name: str) -> None:
    """Rows 1-22, 1-23, 3-30, 4-54."""
    ending, before, expected, after = CASES[name]
    verdict, counted = judge(ending, before)
    assert type(verdict) is expected
    assert counted == after


def note_of(ending: Ending, so_far: SoFar = NONE) -> Any:
    verdict, _ = judge(ending, so_far)
    assert isinstance(verdict, GoOn)
    return verdict.note


def test_notes_say_what_happened() -> None:
    """Rows 1-22, 3-30."""
    lost = note_of(Ending(early("max_output_tokens", "write", "write", "<b>"), spoke=True), SoFar(1))
    assert "`write`, `&lt;b&gt;`" in lost.guidance
    assert "(2 of 3)" in lost.warning
    assert "Continue it" in note_of(Ending(early(), spoke=True)).guidance
    assert "Think less" in note_of(Ending(early())).guidance
    assert note_of(Ending(whole(), called=True)) is None
    assert note_of(Ending(early(), called=True)) is None


@pytest.mark.parametrize(
    ("ending", "so_far", "code", "text"),
    [
        (Ending(whole(), thought=True), SoFar(repeats=1), "model_output_invalid", "without an answer"),
        (Ending(early(), spoke=True), SoFar(3), "max_output_tokens", "reason: max_output_tokens"),
        (Ending(early("content_filter")), NONE, "content_filter", "content filter stopped"),
    ],
)
def test_failures(ending: Ending, so_far: SoFar, code: str, text: str) -> None:
    """Row 4-54 and the rulings on incomplete responses."""
    verdict, _ = judge(ending, so_far)
    assert isinstance(verdict, Fail)
    assert verdict.error.code == code
    assert text in str(verdict.error)
    assert not verdict.error.retryable
