"""The update_plan tool: the model's plan, shown to the user."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from spindled.tools.arguments import decode, function_spec, object_schema
from spindled.tools.base import ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput


class Step(Struct):
    step: str
    status: Literal["pending", "in_progress", "completed"]


class PlanArguments(Struct):
    plan: list[Step]
    explanation: str | None = None


class UpdatePlan:
    name = "update_plan"
    parallel = True

    def offered(self, options: ToolOptions) -> bool:
        return options.update_plan

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        step = object_schema(
            {
                "step": {"type": "string", "description": "What is to be done."},
                "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
            },
            "step",
            "status",
        )
        properties = {
            "explanation": {"type": "string", "description": "Why the plan changed, if it did."},
            "plan": {"type": "array", "items": step, "description": "All steps, in order."},
        }
        description = "Show the user the steps of the work and how far it is. One step at most is in progress."
        return function_spec(self.name, description, properties, "plan")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        from spindled_protocol.types import TurnPlanStep

        if context.mode == "plan":
            raise ToolError(
                "update_plan tracks work that is being done; in Plan mode write the plan into your message."
            )
        arguments = decode(call, PlanArguments)
        if sum(step.status == "in_progress" for step in arguments.plan) > 1:
            raise ToolError("The plan was not updated: at most one step may be in_progress.")
        steps = [
            TurnPlanStep(step=each.step, status="inProgress" if each.status == "in_progress" else each.status)
            for each in arguments.plan
        ]
        context.plan_updated(arguments.explanation, steps)
        return ToolOutput("Plan updated")
