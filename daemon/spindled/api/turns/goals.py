"""thread/goal/*: what a thread works towards, turn after turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.clock import now_s
from spindled.agent.goals import goals
from spindled.agent.goals.goals import GoalError
from spindled.agent.settings import either
from spindled.agent.threads import ThreadNotLoaded
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import require_stored
from spindled.rpc.connection import Then
from spindled_protocol.types import (
    ThreadGoalClearedNotification,
    ThreadGoalClearResponse,
    ThreadGoalGetResponse,
    ThreadGoalSetResponse,
    ThreadGoalUpdatedNotification,
)

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.rpc.connection import Connection
    from spindled_protocol.types import (
        ThreadGoal,
        ThreadGoalClearParams,
        ThreadGoalGetParams,
        ThreadGoalSetParams,
    )


@handler
def goal_get(session: Session, params: ThreadGoalGetParams) -> ThreadGoalGetResponse:
    wanted = thread_id(params.threadId)
    found(session.application, wanted)
    return ThreadGoalGetResponse(goal=session.application.store.library.goals.of(wanted))


@handler
def goal_set(session: Session, params: ThreadGoalSetParams) -> Then:
    """What is absent stays; a null budget is none. An active goal of an idle thread begins a turn."""
    application, wanted = session.application, thread_id(params.threadId)
    thread, stored = found(application, wanted), application.store.library.goals
    known = stored.of(wanted)
    goal = goals.changed(
        known,
        wanted,
        now_s(),
        objective=either(params.objective, None),
        status=either(params.status, None),
        budget=params.tokenBudget,
    )
    stored.put(goal)

    def tell() -> None:
        if thread is not None and thread.follow_ups is not None:
            thread.follow_ups.goal.was_set(known, goal)
        else:
            notice = ThreadGoalUpdatedNotification(threadId=wanted, turnId=None, goal=goal)
            session.connection.notify("thread/goal/updated", notice)

    return Then(ThreadGoalSetResponse(goal=goal), tell)


@handler
def goal_clear(session: Session, params: ThreadGoalClearParams) -> Then:
    """A turn that runs goes on; nothing follows it."""
    application, wanted = session.application, thread_id(params.threadId)
    thread = found(application, wanted)
    cleared = application.store.library.goals.clear(wanted)

    def tell() -> None:
        if not cleared:
            return
        if thread is not None:
            thread.events.goal_cleared()
        else:
            session.connection.notify("thread/goal/cleared", ThreadGoalClearedNotification(threadId=wanted))

    return Then(ThreadGoalClearResponse(cleared=cleared), tell)


def found(application: Application, wanted: str) -> Thread | None:
    """The thread if it is loaded. Raises ThreadNotLoaded, GoalError."""
    thread = application.threads.find(wanted)
    if thread is None and require_stored(application, wanted).archived:
        raise ThreadNotLoaded(wanted)
    if thread is not None and thread.follow_ups is None:
        raise GoalError(f"ephemeral thread does not support goals: {wanted}")
    return thread


def show_goal(connection: Connection, thread_id: str, goal: ThreadGoal | None) -> None:
    """Tell one client how it is, who joins others that know."""
    if goal is None:
        connection.notify("thread/goal/cleared", ThreadGoalClearedNotification(threadId=thread_id))
    else:
        connection.notify("thread/goal/updated", ThreadGoalUpdatedNotification(threadId=thread_id, goal=goal))
