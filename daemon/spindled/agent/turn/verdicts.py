"""How a turn goes on after an attempt that did not fail: pure decisions."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from spindled.agent.turn import notes
from spindled.agent.turn.notes import Note
from spindled.model.errors import ModelError, incomplete_error, no_answer_error
from spindled.model.events import Completed, Incomplete

MAX_CONTINUATIONS = 3  # of answers that reached the output limit, in one turn
MAX_REPEATS = 1  # of an answer that was only thoughts
MAX_UNASKED = 10  # requests in a row that the provider wants though the model made no call


class Ending(NamedTuple):
    """What came of an attempt. `terminal` is None if it was cut; `spoke`: there is more than thoughts and calls."""

    terminal: Completed | Incomplete | None
    called: bool = False
    spoke: bool = False
    thought: bool = False


class SoFar(NamedTuple):
    """What a turn has had of what is bounded; `repeats` and `unasked` in a row."""

    continuations: int = 0
    repeats: int = 0
    unasked: int = 0


class Finish(NamedTuple):
    """The model has nothing left to do."""


class GoOn(NamedTuple):
    """Another request, with a note behind what the history has."""

    note: Note | None = None


class Again(NamedTuple):
    """The same request once more; nothing of the attempt is in the history."""


class Fail(NamedTuple):
    error: ModelError


Verdict: TypeAlias = Finish | GoOn | Again | Fail


def judge(ending: Ending, so_far: SoFar) -> tuple[Verdict, SoFar]:
    """The verdict on an attempt, and the turn's count after it."""
    if isinstance(ending.terminal, Incomplete):
        return _incomplete(ending.terminal, ending, so_far)
    settled = SoFar(so_far.continuations)
    if ending.called:
        return GoOn(), settled
    if ending.terminal is not None and ending.terminal.end_turn is False:
        if so_far.unasked < MAX_UNASKED:
            return GoOn(), settled._replace(unasked=so_far.unasked + 1)
        return Finish(), settled
    if ending.terminal is not None and ending.thought and not ending.spoke:
        if so_far.repeats < MAX_REPEATS:
            return Again(), so_far._replace(repeats=so_far.repeats + 1)
        return Fail(no_answer_error()), settled
    return Finish(), settled


def _incomplete(terminal: Incomplete, ending: Ending, so_far: SoFar) -> tuple[Verdict, SoFar]:
    settled = SoFar(so_far.continuations)
    if terminal.reason != "max_output_tokens":
        return Fail(incomplete_error(terminal.reason)), settled
    if ending.called and not terminal.lost_calls:
        return GoOn(), settled  # their outputs are news enough
    number = so_far.continuations + 1
    if number > MAX_CONTINUATIONS:
        return Fail(incomplete_error(terminal.reason)), settled
    if terminal.lost_calls:
        note = notes.lost_calls(terminal.lost_calls, number, MAX_CONTINUATIONS)
    elif ending.spoke:
        note = notes.go_on(number, MAX_CONTINUATIONS)
    else:
        note = notes.say_it_shorter(number, MAX_CONTINUATIONS)
    return GoOn(note), SoFar(number)
