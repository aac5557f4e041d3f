"""What a goal is and becomes: pure rules, over the wire's ThreadGoal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from spindled.agent.prompt.markup import escape
from spindled_protocol.types import ThreadGoal

if TYPE_CHECKING:
    from msgspec import UnsetType

    from spindled.model.events import Usage
    from spindled_protocol.types import ThreadGoalStatus, TurnError

OBJECTIVE_CHARACTERS = 4_000


class GoalError(ValueError):
    """A goal that cannot be; the text is for the client, or for the model."""


def changed(
    known: ThreadGoal | None,
    thread_id: str,
    now: int,
    *,
    objective: str | None = None,
    status: ThreadGoalStatus | None = None,
    budget: int | UnsetType | None = UNSET,
) -> ThreadGoal:
    """A new goal, or the known one with what is given; a budget of None is none. Raises GoalError."""
    if objective is not None:
        objective = _objective(objective)
    if budget is not UNSET and budget is not None and budget <= 0:
        raise GoalError("goal budgets must be positive when provided")
    if known is None:
        if objective is None:
            raise GoalError(f"cannot update goal for thread {thread_id}: no goal exists")
        known = ThreadGoal(
            threadId=thread_id,
            objective=objective,
            status="active",
            tokensUsed=0,
            timeUsedSeconds=0,
            createdAt=now,
            updatedAt=now,
        )
    goal = replace(known, objective=objective or known.objective, status=status or known.status, updatedAt=now)
    if budget is not UNSET:
        goal.tokenBudget = budget
    return _within_budget(goal)


def counted(goal: ThreadGoal, usage: Usage, seconds: int, now: int) -> ThreadGoal:
    """The goal after a response; what came from the prompt cache is not counted."""
    tokens = max(usage.input_tokens - usage.cached_input_tokens, 0) + usage.output_tokens
    return _within_budget(
        replace(
            goal, tokensUsed=goal.tokensUsed + tokens, timeUsedSeconds=goal.timeUsedSeconds + seconds, updatedAt=now
        )
    )


def after_failure(goal: ThreadGoal, error: TurnError, now: int) -> ThreadGoal:
    """Nothing goes on by itself after a turn that failed."""
    limited = error.codexErrorInfo == "usageLimitExceeded"
    return replace(goal, status="usageLimited" if limited else "blocked", updatedAt=now)


def remaining(goal: ThreadGoal) -> int | None:
    """Tokens left of the budget; None without one."""
    return None if goal.tokenBudget is None else max(goal.tokenBudget - goal.tokensUsed, 0)


def _within_budget(goal: ThreadGoal) -> ThreadGoal:
    if goal.status == "active" and remaining(goal) == 0:
        goal.status = "budgetLimited"
    return goal


def _objective(text: str) -> str:
    objective = text.strip()
    if not objective:
        raise GoalError("goal objective must not be empty")
    if len(objective) > OBJECTIVE_CHARACTERS:
        raise GoalError(f"goal objective must be at most {OBJECTIVE_CHARACTERS} characters")
    return objective


# What the model is told. The objective is the user's words, not an instruction of ours.


def go_on(goal: ThreadGoal) -> str:
    return _told(
        goal,
        "Work on towards the goal of this thread. Nobody has written anything new: you are asked because the goal is "
        "still active. Look at the actual state of things first, then take the next step that brings the whole "
        "objective nearer; do not shrink it to what is easy. When all of it is done, and you have checked that it is, "
        "call update_goal with `complete`. If the same obstacle has stopped you three turns in a row and only the "
        "user can remove it, call update_goal with `blocked`. Otherwise just end the turn; you will be asked again.",
    )


def edited(goal: ThreadGoal) -> str:
    return _told(goal, "The user has changed the goal of this thread while you work. From now on this one holds.")


def used_up(goal: ThreadGoal) -> str:
    return _told(
        goal,
        "The token budget of the goal is used up. Begin nothing new: leave things in order and say what is done and "
        "what is left. This does not make the goal complete.",
    )


def _told(goal: ThreadGoal, text: str) -> str:
    left = remaining(goal)
    budget = "no token budget" if left is None else f"{left} of {goal.tokenBudget} tokens left"
    return (
        f"<thread_goal>\n{text}\n<objective>\n{escape(goal.objective)}\n</objective>\n"
        f"Used so far: {goal.tokensUsed} tokens; {budget}.\n</thread_goal>"
    )
