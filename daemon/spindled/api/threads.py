"""thread/start and thread/resume, and who follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.ids import thread_id
from spindled.api.loading import resume_thread, start_thread
from spindled.api.paging import page_cursors
from spindled.api.reading import stored_turns
from spindled.rpc.connection import Then
from spindled_protocol.types import (
    CollaborationMode,
    Settings,
    ThreadGoalClearedNotification,
    ThreadLoadedListResponse,
    ThreadResumeResponse,
    ThreadStartedNotification,
    ThreadStartResponse,
    ThreadUnsubscribeResponse,
)

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.session import Session
    from spindled_protocol.types import (
        ThreadLoadedListParams,
        ThreadResumeParams,
        ThreadStartParams,
        ThreadUnsubscribeParams,
    )


@handler
def thread_start(session: Session, params: ThreadStartParams) -> Then:
    thread = start_thread(session, params)
    session.follow(thread)
    response = ThreadStartResponse(thread=thread.snapshot(), **shown_settings(thread))

    def announce() -> None:
        thread.events.followers.publish("thread/started", ThreadStartedNotification(thread=response.thread))
        prepare(session, thread)

    return Then(response, announce)


@handler
async def thread_resume(session: Session, params: ThreadResumeParams) -> Then:
    params.threadId = thread_id(params.threadId, "session")
    application = session.application
    thread, stored = application.threads.find(params.threadId), None
    if thread is None:
        stored = await asyncio.to_thread(application.store.read, params.threadId)
        thread = application.threads.find(params.threadId)  # another request may have been faster
    loaded = thread is not None
    if thread is None:
        assert stored is not None
        thread, turns = resume_thread(session, params, stored), stored.turns
    else:
        turns = [] if either(params.excludeTurns, False) else await stored_turns(application, thread)
    session.follow(thread)
    if not loaded:
        thread.events.idle()
    cursors = page_cursors(turns)
    shown = [] if either(params.excludeTurns, False) else turns
    response = ThreadResumeResponse(
        thread=thread.snapshot(shown),
        collaborationMode=collaboration_mode(thread),
        turnsBackwardsCursor=cursors.turns,
        itemsBackwardsCursor=cursors.items,
        **shown_settings(thread),
    )

    def announce() -> None:
        if not loaded:
            if thread.usage.known and turns:
                thread.events.usage_updated(turns[-1].id, thread.usage_snapshot())
            thread.events.followers.publish(
                "thread/goal/cleared", ThreadGoalClearedNotification(threadId=params.threadId)
            )
        prepare(session, thread)

    return Then(response, announce)


@handler
def thread_loaded_list(session: Session, params: ThreadLoadedListParams) -> ThreadLoadedListResponse:
    return ThreadLoadedListResponse(data=[thread.id for thread in session.application.threads])


@handler
def thread_unsubscribe(session: Session, params: ThreadUnsubscribeParams) -> ThreadUnsubscribeResponse:
    wanted = thread_id(params.threadId)
    if session.application.threads.find(wanted) is None:
        return ThreadUnsubscribeResponse(status="notLoaded")
    followed = session.unfollow(wanted)
    return ThreadUnsubscribeResponse(status="unsubscribed" if followed else "notSubscribed")


def shown_settings(thread: Thread) -> dict[str, Any]:
    """What thread/start and thread/resume answer about how turns will run."""
    settings = thread.settings
    documents = thread.surroundings.documents(settings.cwd)
    return {
        "model": settings.model,
        "modelProvider": settings.model_provider,
        "serviceTier": settings.service_tier,
        "disabledPluginIds": [],
        "cwd": str(settings.cwd),
        "runtimeWorkspaceRoots": list(settings.workspace_roots),
        "instructionSources": [str(document.path) for document in documents],
        "approvalPolicy": settings.approval_policy,
        "approvalsReviewer": settings.approvals_reviewer,
        "sandbox": settings.sandbox_policy,
        "reasoningEffort": settings.effort,
        "multiAgentMode": "explicitRequestOnly",
    }


def collaboration_mode(thread: Thread) -> CollaborationMode:
    settings = thread.settings
    return settings.collaboration_mode or CollaborationMode(
        mode="default",
        settings=Settings(model=settings.model, reasoning_effort=settings.effort, developer_instructions=None),
    )


def prepare(session: Session, thread: Thread) -> None:
    """Tell what is odd about the configuration, and load the model's client while the user still types."""
    for warning in session.application.new_warnings(thread.surroundings.config):
        session.connection.notify("configWarning", warning)
    if not thread.surroundings.model(thread.settings.model).known:
        thread.events.warning(
            f"Nothing is known about the model `{thread.settings.model}`; defaults are used for its context window "
            "and abilities. Set model_context_window in config.toml if they do not fit."
        )
    session.application.clients.warm(thread.surroundings.provider)
