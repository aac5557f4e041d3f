"""Watches the calls of a turn for a model that is stuck. It only ever tells; nothing is held up.

Two things are noticed: calls of one tool with malformed arguments, one after the other, and rounds of the same calls
with the same results. Each gets one note, not one for every further call.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from spindled.agent.turn import notes
from spindled.agent.turn.arguments import canonical
from spindled.agent.turn.notes import Note

STREAK = 2  # malformed calls of one tool
ROUNDS = 3
LONGEST_ROUND = 5  # calls
PAUSE = 5  # calls before the same loop is told again

# What changes in every answer of a command and says nothing of its result.
PASSING = re.compile(r"^Wall time: [\d.]+ seconds$", re.MULTILINE)


class Outcome(NamedTuple):
    """A call that was answered. `output` is what the model got."""

    name: str
    arguments: str
    output: str | list[dict[str, object]]
    malformed: bool = False


class Guards:
    """The calls of one turn since the user last spoke. Memory and time per call do not grow with the turn."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The user spoke: what came before no longer counts."""
        self._tool = ""
        self._streak = 0
        self._recent: deque[Signature] = deque(maxlen=ROUNDS * LONGEST_ROUND)
        self._since_note = 0
        self._told: set[frozenset[Signature]] = set()

    def hear(self, outcomes: Iterable[Outcome]) -> list[Note]:
        """Take the calls of one response, in order; what the model is to be told before the next request."""
        found: list[Note] = []
        for outcome in outcomes:
            if outcome.malformed:
                found += self._malformed(outcome.name)
            else:
                self._streak = 0
                self._recent.append(signature(outcome))
                self._since_note += 1
        return found + self._repetition()

    def _malformed(self, tool: str) -> list[Note]:
        self._streak = self._streak + 1 if tool == self._tool else 1
        self._tool = tool
        return [notes.malformed(tool)] if self._streak == STREAK else []

    def _repetition(self) -> list[Note]:
        loop = tail_loop(list(self._recent))
        if not loop or (frozenset(loop) in self._told and self._since_note < PAUSE):
            return []
        self._told.add(frozenset(loop))
        self._recent.clear()
        self._since_note = 0
        return [notes.repetition([each.name for each in loop])]


class Signature(NamedTuple):
    """What makes two calls the same."""

    name: str
    digest: bytes


def signature(outcome: Outcome) -> Signature:
    output = outcome.output
    if isinstance(output, str):
        result = PASSING.sub("", output).encode("utf-8", "replace")
    else:
        result = msgspec.json.encode([without_passing(part) for part in output])
    arguments = canonical(outcome.arguments)
    return Signature(outcome.name, blake2b(b"%d:%s%s" % (len(arguments), arguments, result), digest_size=16).digest())


def without_passing(part: dict[str, object]) -> dict[str, object]:
    text = part.get("text")
    return {**part, "text": PASSING.sub("", text)} if isinstance(text, str) else part


def tail_loop(calls: list[Signature]) -> list[Signature]:
    """The shortest round that the calls end with ROUNDS times; empty if there is none."""
    for length in range(1, LONGEST_ROUND + 1):
        tail = calls[-length * ROUNDS :]
        if len(tail) == length * ROUNDS and tail[:length] * ROUNDS == tail:
            return tail[:length]
    return []
