"""A question with two answers, in the form in which clients show one."""

from __future__ import annotations

from spindled_protocol.types import (
    ToolRequestUserInputOption,
    ToolRequestUserInputQuestion,
    ToolRequestUserInputResponse,
)

QUESTION = "budget"
YES, NO = "Go on", "Stop"


def yes_or_no(text: str) -> ToolRequestUserInputQuestion:
    options = [
        ToolRequestUserInputOption(label=YES, description="It may cost more than the budget allows."),
        ToolRequestUserInputOption(label=NO, description="Nothing more is spent on this."),
    ]
    return ToolRequestUserInputQuestion(id=QUESTION, header="Budget", question=text, options=options)


def is_yes(response: ToolRequestUserInputResponse | None) -> bool:
    """Whether the one answer is the clear yes; everything else is a no."""
    answer = response.answers.get(QUESTION) if response else None
    return answer is not None and answer.answers == [YES]
