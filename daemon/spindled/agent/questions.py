"""A question with two answers, in the form in which clients show one."""

from __future__ import annotations

from spindled_protocol.types import (
    ToolRequestUserInputOption,
    ToolRequestUserInputParams,
    ToolRequestUserInputQuestion,
    ToolRequestUserInputResponse,
)

QUESTION = "budget"
YES, NO = "Go on", "Stop"


def yes_or_no(thread_id: str, turn_id: str, item_id: str, text: str) -> ToolRequestUserInputParams:
    options = [
        ToolRequestUserInputOption(label=YES, description="It may cost more than the budget allows."),
        ToolRequestUserInputOption(label=NO, description="Nothing more is spent on this."),
    ]
    return ToolRequestUserInputParams(
        threadId=thread_id,
        turnId=turn_id,
        itemId=item_id,
        questions=[ToolRequestUserInputQuestion(id=QUESTION, header="Budget", question=text, options=options)],
        isBlocking=True,
        autoResolutionMs=None,
    )


def is_yes(response: ToolRequestUserInputResponse | None) -> bool:
    """Whether the one answer is the clear yes; everything else is a no."""
    answer = response.answers.get(QUESTION) if response else None
    return answer is not None and answer.answers == [YES]
