from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.tools.base import ToolError
from spindled_protocol.types import ToolRequestUserInputAnswer, ToolRequestUserInputResponse

OPTIONS = [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}]
COLOR = {"id": "color", "header": "Color", "question": "Which one?", "options": OPTIONS}


async def test_the_answer_goes_to_the_model(context: Any) -> None:
    context.mode = "plan"
    answers = {"color": ToolRequestUserInputAnswer(answers=["Blue"])}
    context.user_answer = ToolRequestUserInputResponse(answers=answers)
    output = await context.call("request_user_input", questions=[COLOR])
    assert msgspec.json.decode(output.content) == {"answers": {"color": {"answers": ["Blue"]}}}
    [(call_id, [question])] = context.questions
    assert call_id == "c1"
    assert (question.id, question.isOther, question.isSecret) == ("color", True, False)
    assert [option.label for option in question.options] == ["Red", "Blue"]


async def test_nobody_answers(context: Any) -> None:
    context.mode = "plan"
    output = await context.call("request_user_input", questions=[COLOR])
    assert msgspec.json.decode(output.content) == {"answers": {}}


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ([], "questions"),
        ([COLOR, COLOR], "an id of its own"),
        ([{**COLOR, "options": []}], "non-empty options"),
        ([{"id": "color"}], "header"),
        ("which?", "questions"),
    ],
)
async def test_what_cannot_be_asked(context: Any, questions: Any, message: str) -> None:
    context.mode = "plan"
    with pytest.raises(ToolError, match=message):
        await context.call("request_user_input", questions=questions)
    assert not context.questions


async def test_only_in_plan_mode(context: Any) -> None:
    with pytest.raises(ToolError, match="request_user_input is unavailable in Default mode"):
        await context.call("request_user_input", questions=[COLOR])
    assert not context.questions
