"""From a client's params and the configuration to a loaded thread: new, resumed or forked."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from spindled.agent.clock import now_s
from spindled.agent.history.history import message_text
from spindled.agent.identity import ThreadIdentity
from spindled.agent.settings import SettingsError, either, given
from spindled.agent.thread import Thread
from spindled.api.host.git import git_info
from spindled.api.threads.budgets import given_budgets
from spindled.api.threads.thread_settings import (
    folder,
    request_overrides,
    stored_cwd,
    stored_overrides,
    thread_settings,
)
from spindled.store.ids import new_id
from spindled.store.replay import values
from spindled.store.rollout import rows
from spindled.store.rollout.cut import Cut
from spindled.store.rollout.payloads import Spending
from spindled.tools.dynamic.dynamic_specs import check as check_tools
from spindled_protocol import WIRE_VERSION
from spindled_protocol.types import DynamicToolSpec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spindled.agent.settings import ThreadSettings
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled.store.replay.stored import StoredThread
    from spindled.store.threads import ThreadStore
    from spindled_protocol.types import ThreadForkParams, ThreadResumeParams, ThreadStartParams

log = logging.getLogger(__name__)

NOT_SUPPORTED = ("daybreakEnabled", "selectedCapabilityRoots", "experimentalRawEvents")
"""Fields of thread/start that would be left out in silence."""


def start_thread(session: Session, params: ThreadStartParams) -> Thread:
    """A new thread, loaded; nothing is written before its first turn."""
    application = session.application
    for name in NOT_SUPPORTED:
        if either(getattr(params, name), False):
            raise SettingsError(f"thread/start with `{name}` is not supported")
    cwd = folder(params.cwd)
    config = application.config(cwd, request_overrides(params))
    settings = thread_settings(config, params, cwd)
    identity = new_identity(session, params, cwd)
    tools = either(params.dynamicTools, [])
    check_tools(tools)
    journal = None
    if not either(params.ephemeral, False):
        journal = application.store.create(session_meta(identity, settings, tools))
        identity.path = str(journal.path)
    return application.threads.add(
        Thread(
            identity=identity,
            settings=settings,
            **equipment(session, identity.id, config, new=True),
            journal=journal,
            library=application.store.library if journal is not None else None,
            spending=Spending(budgets=given_budgets(params.budget)),
            dynamic_tools=tools,
        )
    )


def start_from_history(session: Session, params: ThreadResumeParams, items: Sequence[dict[str, Any]]) -> Thread:
    """A new thread, loaded, that begins with what a client remembers; on disk at once. Raises StoreError."""
    application = session.application
    cwd = folder(params.cwd)
    config = application.config(cwd, request_overrides(params))
    settings = thread_settings(config, params, cwd)
    identity = new_identity(session, params, cwd)
    users = [message_text(item) for item in items if item.get("role") == "user"]
    identity.preview = users[0] if users else ""
    journal = application.store.create(session_meta(identity, settings, []))
    identity.path, journal.summary.preview = str(journal.path), identity.preview
    try:
        journal.append([rows.response_item(item) for item in items])
    except BaseException:
        journal.close()
        raise
    return application.threads.add(
        Thread(
            identity=identity,
            settings=settings,
            **equipment(session, identity.id, config, new=True),
            journal=journal,
            library=application.store.library,
            history=items,
            spending=Spending(budgets=given_budgets(params.budget)),
        )
    )


async def fork_thread(session: Session, params: ThreadForkParams, stored: StoredThread) -> Thread:
    """A new thread, loaded, that begins with what was read of a stored one. Raises ThreadLookupError, StoreError."""
    application = session.application
    cwd = folder(params.cwd if given(params.cwd) else stored_cwd(stored))
    config = application.config(cwd, {**stored_overrides(stored), **request_overrides(params)})
    settings = thread_settings(config, params, cwd, stored)
    identity = new_identity(session, params, cwd)
    identity.forked_from, identity.preview = params.threadId, stored.preview
    identity.name = application.store.summary(params.threadId).name
    identity.attached = either(params.attachToSource, False)
    journal = None
    if not either(params.ephemeral, False):
        await asyncio.to_thread(
            copy_rollout, application.store, stored, session_meta(identity, settings, stored_tools(stored))
        )
        if identity.name:
            application.store.set_name(identity.id, identity.name)
        journal = application.store.open(identity.id)  # here: a request that was cancelled leaves no lock behind
        identity.path = str(journal.path)
    thread = Thread(
        identity=identity,
        settings=settings,
        **equipment(session, identity.id, config, new=True),
        **past(stored, settings),
        journal=journal,
        library=application.store.library if journal is not None else None,
    )
    thread.give_budgets(given_budgets(params.budget))
    return application.threads.add(thread)


def resume_thread(session: Session, params: ThreadResumeParams, stored: StoredThread) -> Thread:
    """A stored thread, loaded to go on where it was. Raises ThreadLookupError, StoreError."""
    application, client = session.application, session.connection.client
    cwd = folder(params.cwd if given(params.cwd) else stored_cwd(stored))
    config = application.config(cwd, {**stored_overrides(stored), **request_overrides(params)})
    settings = thread_settings(config, params, cwd, stored)
    summary = application.store.summary(params.threadId).to_thread()
    identity = ThreadIdentity(
        id=params.threadId,
        session_id=summary.sessionId,
        created_at=summary.createdAt,
        originator=summary.originator or client.name,
        source=summary.source,
        thread_source=summary.threadSource,
        forked_from=summary.forkedFromId,
        parent=summary.parentThreadId,
        attached=summary.attachedToThreadId is not None,
        git=summary.gitInfo,
        path=summary.path,
        name=summary.name,
        preview=stored.preview,
        updated_at=summary.updatedAt,
    )
    thread = Thread(
        identity=identity,
        settings=settings,
        **equipment(session, params.threadId, config, new=False),
        **past(stored, settings),
        library=application.store.library,
        journal=application.store.open(params.threadId),  # last: what fails before it leaves no lock behind
    )
    thread.give_budgets(given_budgets(params.budget))
    return application.threads.add(thread)


def reload_thread(application: Application, thread: Thread, stored: StoredThread) -> Thread:
    """A thread that was unloaded, with another past and otherwise as it was. Raises ThreadLookupError, StoreError."""
    summary = application.store.summary(thread.id)
    thread.identity.path, thread.identity.preview = summary.path, stored.preview
    again = Thread(
        identity=thread.identity,
        settings=thread.settings,
        surroundings=thread.surroundings,
        model=thread.model,
        followers=application.followers(thread.id),
        grants=thread.approvals.grants,
        **past(stored, thread.settings),
        library=application.store.library,
        journal=application.store.open(thread.id),
    )
    again.give_budgets(thread.ledger.spent.budgets)
    return application.threads.add(again)


def copy_rollout(store: ThreadStore, source: StoredThread, meta: rows.SessionMeta) -> None:
    """Slow. A new rollout with the rows that were read of another; that one may have grown since."""
    store.fork(source.meta.id, meta, Cut(rows=source.rows)).close()


def equipment(session: Session, thread_id: str, config: Config, *, new: bool) -> dict[str, Any]:
    """What a thread is given to work with."""
    application = session.application
    return {
        "surroundings": application.surroundings(config, session.connection.client.name),
        "model": application.clients.model(config.provider),
        "followers": application.followers(thread_id, new=new),
    }


def past(stored: StoredThread, settings: ThreadSettings) -> dict[str, Any]:
    """What a stored thread brings with it, whatever it goes on as."""
    context = stored.context
    same_provider = stored.meta.model_provider in (None, settings.model_provider)
    return {
        "history": stored.history,
        "usage": stored.usage,
        "spending": stored.spending,
        "latest_turn": next(reversed(stored.turns.ids), None),
        "sampled": replace(settings, model=context.model) if context and context.model and same_provider else None,
        "dynamic_tools": stored_tools(stored),
    }


def stored_tools(stored: StoredThread) -> list[DynamicToolSpec]:
    """The tools of the client that the thread was started with; none where they are damaged."""
    try:
        found: list[DynamicToolSpec] = msgspec.convert(stored.meta.dynamic_tools or [], list[DynamicToolSpec])
    except msgspec.ValidationError as error:
        log.warning("thread %s: the dynamic tools cannot be read: %s", stored.meta.id, error)
        return []
    return found


def new_identity(
    session: Session, params: ThreadStartParams | ThreadForkParams | ThreadResumeParams, cwd: Path
) -> ThreadIdentity:
    thread_id = new_id()
    return ThreadIdentity(
        id=thread_id,
        session_id=thread_id,
        created_at=now_s(),
        originator=session.connection.client.name,
        source=session.source,
        thread_source=either(getattr(params, "threadSource", None), None),
        git=git_info(cwd),
    )


def session_meta(
    identity: ThreadIdentity, settings: ThreadSettings, tools: Sequence[DynamicToolSpec] = ()
) -> rows.SessionMeta:
    """The head of a new rollout."""
    instructions = settings.base_instructions
    return rows.SessionMeta(
        id=identity.id,
        session_id=identity.session_id,
        cwd=str(settings.cwd),
        runtime_workspace_roots=list(settings.workspace_roots),
        originator=identity.originator,
        cli_version=WIRE_VERSION,
        source=values.source_to_row(identity.source),
        thread_source=identity.thread_source,
        model_provider=settings.model_provider,
        base_instructions=rows.BaseInstructions(instructions) if instructions else None,
        dynamic_tools=msgspec.to_builtins(tools) or None,
        history_mode="paginated",
        git=values.git_to_row(identity.git) if identity.git else None,
        forked_from_id=identity.forked_from,
        parent_thread_id=identity.parent,
        attached_thread=identity.attached,
    )
