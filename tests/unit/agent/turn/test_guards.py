from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.turn.guards import LONGEST_ROUND, PAUSE, ROUNDS, Guards, Outcome


def call(name: str, output: str = "same", arguments: str = "{}") -> Outcome:
    return Outcome(name, arguments, output)


def bad(name: str) -> Outcome:
    return Outcome(name, "{}", "was not run", malformed=True)


def told(responses: Sequence[Sequence[Outcome]]) -> list[int]:
    """The number of notes after each response."""
    guards = Guards()
    return [len(guards.hear(response)) for response in responses]


def one_by_one(*outcomes: Outcome) -> list[int]:
    return told([[outcome] for outcome in outcomes])


# -- malformed calls


def test_a_streak_of_malformed_calls_is_told_once() -> None:
    """Row 1-25."""
    assert one_by_one(*[bad("write")] * 5) == [0, 1, 0, 0, 0]


def test_two_malformed_calls_of_one_response() -> None:
    """Row 1-25."""
    assert told([[bad("write"), bad("write")], [bad("write")]]) == [1, 0]


@pytest.mark.parametrize("between", [call("read"), call("write"), bad("read")])
def test_another_result_breaks_the_streak(between: Outcome) -> None:
    """Row 1-25: any other tool result breaks."""
    assert one_by_one(bad("write"), between, bad("write")) == [0, 0, 0]
    assert one_by_one(bad("write"), between, bad("write"), bad("write")) == [0, 0, 0, 1]


def test_the_user_ends_a_streak_and_a_loop() -> None:
    """Row 1-25: there it survived a new message."""
    guards = Guards()
    guards.hear([bad("write"), call("a"), call("a"), bad("write")])
    guards.reset()
    assert guards.hear([bad("write"), call("a")]) == []
    assert len(guards.hear([call("a"), call("a"), bad("write"), bad("write")])) == 2


def test_a_note_names_the_tool() -> None:
    [note] = Guards().hear([bad("a`b<"), bad("a`b<")])
    assert "`a`b&lt;`" in note.guidance
    assert "`a`b&lt;`" in note.warning


# -- loops


def test_the_same_call_three_times() -> None:
    """Row 1-27."""
    assert one_by_one(*[call("test")] * 3) == [0, 0, 1]


def test_polling_with_changing_results_never_fires() -> None:
    """Row 1-27 and section 7, test 9."""
    assert not any(one_by_one(*[call("poll", str(number)) for number in range(10)]))


def test_a_result_differs_not_by_the_time_it_took() -> None:
    """Row 1-27: what a command prints is its result."""
    outcomes = [call("exec", f"Wall time: 0.00{n} seconds\nExit code: 1\nOutput:\nno") for n in range(3)]
    assert one_by_one(*outcomes) == [0, 0, 1]


def test_arguments_are_compared_by_meaning() -> None:
    """Row 1-27: canonical JSON."""
    spelled = [call("a", arguments=text) for text in ('{"x":1,"y":2}', '{"y": 2, "x": 1}', '{ "x" : 1, "y" : 2 }')]
    assert one_by_one(*spelled) == [0, 0, 1]
    assert one_by_one(*[call("a", arguments=f'{{"x":{n}}}') for n in range(6)]) == [0] * 6
    assert one_by_one(*[call("patch", arguments="*** Begin")] * 3) == [0, 0, 1]


@pytest.mark.parametrize("length", range(2, LONGEST_ROUND + 1))
def test_rounds_of_several_calls(length: int) -> None:
    """Row 1-27: cycles of 2-5."""
    calls = [call(f"tool {number}") for number in range(length)] * ROUNDS
    assert one_by_one(*calls) == [0] * (len(calls) - 1) + [1]
    assert told([calls[:length]] * ROUNDS) == [0, 0, 1]


def test_a_longer_round_is_not_seen() -> None:
    calls = [call(f"tool {number}") for number in range(LONGEST_ROUND + 1)]
    assert not any(one_by_one(*calls * 4))


def test_the_note_names_the_calls_of_the_round() -> None:
    guards = Guards()
    [note] = guards.hear([call("edit"), call("test")] * 3)
    assert "`edit`, `test`" in note.warning


def test_a_loop_that_goes_on_is_told_again_later() -> None:
    """Row 1-27: there it was told at every further call."""
    assert one_by_one(*[call("a")] * 13) == [0, 0, 1, *[0] * 4, 1, *[0] * 4, 1]
    pair = [call("a"), call("b")]
    assert one_by_one(*pair * 6) == [0] * 5 + [1] + [0] * 5 + [1]


def test_a_loop_that_was_left_is_not_told_again() -> None:
    """Row 1-27: there it was told for up to 30 messages."""
    assert one_by_one(*[call("a")] * 3, *[call(f"other {n}") for n in range(20)])[3:] == [0] * 20
    assert one_by_one(*[call("a")] * 3, call("b"), *[call("a")] * 3)[3:] == [0] * 4


def test_another_loop_is_another_note() -> None:
    assert one_by_one(*[call("a")] * 3, *[call("b")] * 3) == [0, 0, 1, 0, 0, 1]


def test_the_result_counts() -> None:
    assert one_by_one(call("a"), call("a"), call("a", "now it works")) == [0, 0, 0]


def test_outputs_of_several_parts() -> None:
    def shows(text: str) -> Outcome:
        return Outcome("view", "{}", [{"type": "input_text", "text": text}])

    assert one_by_one(*[shows("same")] * 3) == [0, 0, 1]
    assert one_by_one(*[shows(str(number)) for number in range(3)]) == [0, 0, 0]


def test_malformed_calls_are_no_loop() -> None:
    """One message each: the streak is told, the loop that it also is is not."""
    assert one_by_one(*[bad("write")] * 6) == [0, 1, 0, 0, 0, 0]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=40))
def test_notes_are_rare_whatever_is_called(responses: list[list[str]]) -> None:
    guards = Guards()
    loops = 0
    for response in responses:
        loops += len(guards.hear(map(call, response)))
    calls = sum(map(len, responses))
    assert loops <= calls // ROUNDS
    if len({name for response in responses for name in response}) == 1:
        assert loops <= 1 + calls // PAUSE
