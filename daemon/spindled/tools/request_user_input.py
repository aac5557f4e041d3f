"""The request_user_input tool: questions that only the user can decide, answered before the work goes on."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from spindled.tools.arguments import decode, function_spec, object_schema
from spindled.tools.base import ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput


class Option(Struct):
    label: str
    description: str


class Question(Struct):
    id: str
    header: str
    question: str
    options: list[Option] = []
    isSecret: bool = False


class Questions(Struct):
    questions: Annotated[list[Question], Meta(min_length=1)]


class RequestUserInput:
    """Always offered, so that a change of the mode leaves the cached prompt alone; answered in Plan mode only."""

    name = "request_user_input"
    parallel = False

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        option = object_schema(
            {
                "label": {"type": "string", "description": "What the user picks, in a few words."},
                "description": {"type": "string", "description": "What follows from picking it, in a sentence."},
            },
            "label",
            "description",
        )
        question = object_schema(
            {
                "id": {"type": "string", "description": "A name in snake_case that the answer comes back under."},
                "header": {"type": "string", "description": "A title of at most twelve characters."},
                "question": {"type": "string", "description": "The question, in one sentence."},
                "options": {
                    "type": "array",
                    "items": option,
                    "description": "Two or three answers that exclude each other, the one you would choose first, "
                    'marked "(Recommended)". A free answer is offered besides; do not list it.',
                },
            },
            "id",
            "header",
            "question",
            "options",
        )
        listed = {"type": "array", "items": question, "description": "One question at best, three at most."}
        description = (
            "Ask the user something short and wait for the answer. For decisions that change the plan and that the "
            "workspace cannot tell. Works in Plan mode only."
        )
        return function_spec(self.name, description, {"questions": listed}, "questions")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        from spindled_protocol.types import ToolRequestUserInputOption, ToolRequestUserInputQuestion

        if context.mode != "plan":
            raise ToolError("request_user_input is unavailable in Default mode")
        questions = decode(call, Questions).questions
        if len({question.id for question in questions}) < len(questions):
            raise ToolError("request_user_input was not run: each question needs an id of its own")
        if not all(question.options for question in questions):
            raise ToolError("request_user_input requires non-empty options for every question")
        shown = [
            ToolRequestUserInputQuestion(
                id=each.id,
                header=each.header,
                question=each.question,
                isOther=True,
                isSecret=each.isSecret,
                options=[ToolRequestUserInputOption(label=o.label, description=o.description) for o in each.options],
            )
            for each in questions
        ]
        given = await context.ask_user(call.call_id, shown)
        answers = msgspec.to_builtins(given.answers) if given else {}
        return ToolOutput(msgspec.json.encode({"answers": answers}).decode())
