"""What we tell the model in the middle of a turn, and the followers about it.

A note is a message of the user's role in history and rollout, but no item: the followers see a warning instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from spindled.agent.prompt.markup import escape
from spindled.agent.prompt.prompt import message

TAG = "turn_note"


class Note(NamedTuple):
    """`guidance` is for the model, `warning` for the followers."""

    guidance: str
    warning: str

    @property
    def item(self) -> dict[str, Any]:
        text = f"<{TAG}>\n{self.guidance}\n</{TAG}>"
        return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def rule_kept(words: Sequence[str]) -> dict[str, Any]:
    """For the model only: the followers know, one of them has said so."""
    text = f"Commands that begin with these words are allowed from now on, without asking: {json.dumps(list(words))}"
    return message("developer", text)


def is_note(item: dict[str, Any]) -> bool:
    """Whether a message of a history is one of these and not the user's words."""
    content = item.get("content")
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and str(first.get("text", "")).startswith(f"<{TAG}>\n")


def go_on(number: int, limit: int) -> Note:
    return Note(
        "The output limit cut your last message off. Continue it at the very point where it stops, in the middle of a "
        "word if need be. Do not begin again and do not repeat what is there.",
        f"The answer reached the model's output limit; it is continued ({number} of {limit}).",
    )


def say_it_shorter(number: int, limit: int) -> Note:
    return Note(
        "The output limit was used up before you had said anything. Think less, and answer or act in small steps.",
        f"The model reached its output limit before it answered; it is asked again ({number} of {limit}).",
    )


def lost_calls(names: Sequence[str], number: int, limit: int) -> Note:
    listed = listing(names)
    return Note(
        f"The output limit cut off your last response; these calls in it were lost before they could run: {listed}. "
        "Calls that have an output did run. Do not send the same large content again: split it into several smaller "
        "calls, such as one part of a file at a time.",
        f"The model reached its output limit within tool calls that were not run: {listed} ({number} of {limit}).",
    )


def malformed(tool: str) -> Note:
    return Note(
        f"The arguments of your last calls of {quoted(tool)} were not a JSON object, so none of them ran. Do not "
        "repeat them in this form. Check quotes and escapes, pass less at once, or reach the goal with another tool.",
        f"The model repeats calls of {quoted(tool)} whose arguments are malformed; it has been told.",
    )


def repetition(names: Sequence[str]) -> Note:
    listed = listing(names)
    return Note(
        f"You keep making the same calls ({listed}) with the same arguments, and their results have not changed. "
        "Making them again brings nothing new. Look at what the results say and take another way, or tell the user "
        "what holds you up.",
        f"The model repeats the same calls ({listed}) with the same results; it has been told.",
    )


def listing(names: Iterable[str]) -> str:
    """Each name once."""
    return ", ".join(quoted(name) for name in dict.fromkeys(names))


def quoted(name: str) -> str:
    """A name that the model made up."""
    return f"`{escape(name[:100])}`"
