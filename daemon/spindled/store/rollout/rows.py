"""Constructors for the rows of a rollout: what is written here is what `replay` reads."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from spindled.store.replay import items
from spindled.store.rollout.payloads import (
    BaseInstructions,
    CollaborationMode,
    CollaborationSettings,
    Compacted,
    Event,
    Git,
    Goal,
    SessionMeta,
    Spending,
    TokenUsage,
    TokenUsageInfo,
    TurnContext,
    TurnFailure,
)

__all__ = [
    "BaseInstructions",
    "CollaborationMode",
    "CollaborationSettings",
    "Git",
    "Row",
    "SessionMeta",
    "Spending",
    "TokenUsage",
    "TurnContext",
    "TurnFailure",
    "compacted",
    "goal",
    "item_completed",
    "response_item",
    "session_meta",
    "spending",
    "task_complete",
    "task_started",
    "token_count",
    "turn_aborted",
    "turn_context",
]


SPENDING = "spindled_spending"
GOAL = "spindled_goal"


class Row(Struct):
    """What `Rollout.append` takes. `timestamp`: when it happened if not now (a row copied from another rollout)."""

    type: str
    payload: Any
    timestamp: str | None = None


def session_meta(meta: SessionMeta) -> Row:
    return Row("session_meta", meta)


def turn_context(context: TurnContext) -> Row:
    return Row("turn_context", context)


def response_item(item: dict[str, Any]) -> Row:
    """An item of the model's history, Responses form."""
    return Row("response_item", item)


def spending(so_far: Spending) -> Row:
    return Row(SPENDING, so_far)


def goal(objective: str) -> Row:
    """What the turn that comes works towards by itself."""
    return Row(GOAL, Goal(objective=objective))


def compacted(message: str, replacement_history: list[dict[str, Any]]) -> Row:
    """From here on the model's history is `replacement_history` and what follows."""
    return Row("compacted", Compacted(message=message, replacement_history=replacement_history))


def task_started(
    turn_id: str, root_turn_id: str | None, started_at: int, model_context_window: int | None, mode: str = "default"
) -> Row:
    return _event(
        type="task_started",
        turn_id=turn_id,
        root_turn_id=root_turn_id,
        started_at=started_at,
        model_context_window=model_context_window,
        collaboration_mode_kind=mode,
    )


def item_completed(thread_id: str, turn_id: str, item: items.AnyItem) -> Row:
    """`item`: a ThreadItem of the wire; its startedAtMs and completedAtMs go along."""
    started, completed = items.times(item)
    return _event(
        type="item_completed",
        thread_id=thread_id,
        turn_id=turn_id,
        item=Raw(msgspec.json.encode(items.to_row(item))),
        started_at_ms=started,
        completed_at_ms=completed,
    )


def token_count(total: TokenUsage, last: TokenUsage, model_context_window: int | None) -> Row:
    info = TokenUsageInfo(total_token_usage=total, last_token_usage=last, model_context_window=model_context_window)
    return _event(type="token_count", info=Raw(msgspec.json.encode(info)))


def task_complete(
    turn_id: str,
    last_agent_message: str | None,
    started_at: int,
    completed_at: int,
    duration_ms: int,
    error: TurnFailure | None = None,
) -> Row:
    """The end of a turn that was not interrupted; failed if there is an `error` (see items.failure)."""
    return _event(
        type="task_complete",
        turn_id=turn_id,
        last_agent_message=last_agent_message,
        started_at=started_at,
        completed_at=completed_at,
        duration_ms=duration_ms,
        error=error,
    )


def turn_aborted(
    turn_id: str,
    started_at: int,
    completed_at: int,
    duration_ms: int,
    reason: Literal["interrupted", "replaced", "review_ended", "budget_limited"] = "interrupted",
) -> Row:
    return _event(
        type="turn_aborted",
        turn_id=turn_id,
        reason=reason,
        started_at=started_at,
        completed_at=completed_at,
        duration_ms=duration_ms,
    )


def _event(**fields: Any) -> Row:
    return Row("event_msg", Event(**fields))
