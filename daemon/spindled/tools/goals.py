"""The tools get_goal, create_goal and update_goal: what the thread works towards, turn after turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import GoalBook, ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput

if TYPE_CHECKING:
    from spindled_protocol.types import ThreadGoal


class NoArguments(Struct):
    pass


class NewGoal(Struct):
    objective: str
    token_budget: int | None = None


class NewStatus(Struct):
    status: Literal["complete", "blocked", "paused"]


class _GoalTool:
    parallel = False

    def offered(self, options: ToolOptions) -> bool:
        return options.goals


class GetGoal(_GoalTool):
    name = "get_goal"

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        return function_spec(self.name, "The goal of this thread: its objective, status, budget and use.", {})

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        decode(call, NoArguments)
        return report(book(context).current)


class CreateGoal(_GoalTool):
    name = "create_goal"

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        description = (
            "Give this thread a goal that you are asked to go on with after each turn until it is reached. Only when "
            "the user asks for a goal in so many words; an ordinary task is none. There can be one at a time."
        )
        properties = {
            "objective": {"type": "string", "description": "What is to be reached, in full."},
            "token_budget": {"type": "integer", "description": "Tokens it may take; only if the user named a number."},
        }
        return function_spec(self.name, description, properties, "objective")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        arguments = decode(call, NewGoal)
        try:
            return report(book(context).begin(context.turn_id, arguments.objective, arguments.token_budget))
        except ValueError as error:
            raise ToolError(f"The goal was not created: {error}") from error


class UpdateGoal(_GoalTool):
    name = "update_goal"

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        description = (
            "End the work on this thread's goal. `complete`: all of the objective is reached, and you have checked it; "
            "not because the budget is short or you want to stop. `blocked`: the same obstacle has stopped you in "
            "three turns in a row and only the user or the outside world can remove it. `paused`: the user has asked "
            "for it. You cannot resume a goal."
        )
        properties = {"status": {"type": "string", "enum": ["complete", "blocked", "paused"]}}
        return function_spec(self.name, description, properties, "status")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        arguments = decode(call, NewStatus)
        try:
            return report(book(context).end(context.turn_id, arguments.status))
        except ValueError as error:
            raise ToolError(f"The goal was not updated: {error}") from error


def book(context: ToolContext) -> GoalBook:
    if context.goals is None:
        raise ToolError("This thread keeps no goals.")
    return context.goals


def report(goal: ThreadGoal | None) -> ToolOutput:
    if goal is None:
        return ToolOutput('{"goal":null}')
    left = None if goal.tokenBudget is None else max(goal.tokenBudget - goal.tokensUsed, 0)
    return ToolOutput(msgspec.json.encode({"goal": goal, "remainingTokens": left}).decode())
