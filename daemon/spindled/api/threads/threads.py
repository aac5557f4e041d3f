"""thread/start, and what every thread that is loaded has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either
from spindled.agent.settings_shown import active_profile
from spindled.api.errors import handler
from spindled.api.shelf.shelving import shelved
from spindled.api.threads.loading import start_thread
from spindled.rpc.connection import Then
from spindled.rpc.errors import INTERNAL_ERROR, RpcError
from spindled_protocol.types import ThreadStartedNotification, ThreadStartResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from spindled.agent.thread import Thread
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadStartParams


@handler
def thread_start(session: Session, params: ThreadStartParams) -> Then | Awaitable[Then]:
    library, project = session.application.store.library, either(params.projectId, None) or None
    if project is not None:
        library.projects.read(project)
    thread = start_thread(session, params)
    library.projects.assign(thread.id, project)
    return start_when_served(session, thread) if thread.servers.needed else started(session, thread)


@handler
async def start_when_served(session: Session, thread: Thread) -> Then:
    await servers_there(session, thread)
    return started(session, thread)


def started(session: Session, thread: Thread) -> Then:
    library = session.application.store.library
    session.follow(thread)
    response = ThreadStartResponse(thread=shelved(library, thread.snapshot()), **shown_settings(thread))

    def announce() -> None:
        thread.events.followers.publish("thread/started", ThreadStartedNotification(thread=response.thread))
        prepare(session, thread)

    return Then(response, announce)


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
        "runtimeWorkspaceRoots": list(settings.workspace_roots) if settings.has_environment else [],
        "instructionSources": [str(document.path) for document in documents],
        "approvalPolicy": settings.approval_policy,
        "approvalsReviewer": settings.approvals_reviewer,
        "sandbox": settings.sandbox_policy,
        "activePermissionProfile": active_profile(settings),
        "reasoningEffort": settings.effort,
        "multiAgentMode": "explicitRequestOnly",
    }


def prepare(session: Session, thread: Thread) -> None:
    """Tell what is odd about the configuration, and load the model's client while the user still types."""
    for warning in session.application.new_warnings(thread.surroundings.config, session.warned):
        session.connection.notify("configWarning", warning)
    if not thread.surroundings.model(thread.settings.model).known:
        thread.events.warning(
            f"Nothing is known about the model `{thread.settings.model}`; defaults are used for its context window "
            "and abilities. Set model_context_window in config.toml if they do not fit."
        )
    thread.servers.begin()
    thread.servers.announce()
    session.application.warm(thread.surroundings.config)


async def servers_there(session: Session, thread: Thread) -> None:
    """Start the MCP servers of a thread that was just loaded, and wait for those that it needs.

    Raises RpcError if they cannot be had; the thread is unloaded then.
    """
    thread.servers.begin()
    if not thread.servers.needed:
        return
    try:
        wrong = await thread.servers.required()
    except BaseException:
        await session.application.threads.unload(thread.id)
        raise
    if wrong is not None:
        await session.application.threads.unload(thread.id)
        raise RpcError(INTERNAL_ERROR, f"required MCP servers failed to initialize: {wrong}")
