"""From a client's params and the configuration to a loaded thread: new, resumed or forked."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.agent.clock import now_s
from spindled.agent.identity import ThreadIdentity
from spindled.agent.settings import SettingsError, ThreadSettings, absolute, either, given, sandbox_policy
from spindled.agent.thread import Thread
from spindled.api.application import working_directory
from spindled.api.budgets import given_budgets
from spindled.api.git import git_info
from spindled.config.schema import GranularPolicy
from spindled.store import rows, values
from spindled.store.cut import Cut
from spindled.store.ids import new_id
from spindled.store.payloads import Spending
from spindled_protocol import WIRE_VERSION
from spindled_protocol.types import AskForApprovalObject

if TYPE_CHECKING:
    from pathlib import Path

    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled.store.replay import StoredThread
    from spindled.store.threads import ThreadStore
    from spindled_protocol.types import AskForApproval, ThreadForkParams, ThreadResumeParams, ThreadStartParams


def start_thread(session: Session, params: ThreadStartParams) -> Thread:
    """A new thread, loaded; nothing is written before its first turn."""
    application = session.application
    cwd = folder(params.cwd)
    config = application.config(cwd, request_overrides(params))
    settings = thread_settings(config, params, cwd)
    identity = new_identity(session, params, cwd)
    journal = None
    if not either(params.ephemeral, False):
        journal = application.store.create(session_meta(identity, settings))
        identity.path = str(journal.path)
    return application.threads.add(
        Thread(
            identity=identity,
            settings=settings,
            **equipment(session, identity.id, config),
            journal=journal,
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
    journal = None
    if not either(params.ephemeral, False):
        await asyncio.to_thread(copy_rollout, application.store, stored, session_meta(identity, settings))
        journal = application.store.open(identity.id)  # here: a request that was cancelled leaves no lock behind
        identity.path = str(journal.path)
    thread = Thread(
        identity=identity,
        settings=settings,
        **equipment(session, identity.id, config),
        history=stored.history,
        usage=stored.usage,
        spending=stored.spending,
        journal=journal,
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
        git=summary.gitInfo,
        path=summary.path,
        name=summary.name,
        preview=stored.preview,
        updated_at=summary.updatedAt,
    )
    thread = Thread(
        identity=identity,
        settings=settings,
        **equipment(session, params.threadId, config),
        history=stored.history,
        usage=stored.usage,
        spending=stored.spending,
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
        history=stored.history,
        usage=stored.usage,
        spending=stored.spending,
        journal=application.store.open(thread.id),
    )
    again.give_budgets(thread.ledger.spent.budgets)
    return application.threads.add(again)


def copy_rollout(store: ThreadStore, source: StoredThread, meta: rows.SessionMeta) -> None:
    """Slow. A new rollout with the rows that were read of another; that one may have grown since."""
    store.fork(source.meta.id, meta, Cut(rows=source.rows)).close()


def equipment(session: Session, thread_id: str, config: Config) -> dict[str, Any]:
    """What a thread is given to work with, whether it is new or not."""
    application = session.application
    return {
        "surroundings": application.surroundings(config, session.connection.client.name),
        "model": application.clients.model(config.provider),
        "followers": application.followers(thread_id),
    }


def new_identity(session: Session, params: ThreadStartParams | ThreadForkParams, cwd: Path) -> ThreadIdentity:
    thread_id = new_id()
    return ThreadIdentity(
        id=thread_id,
        session_id=thread_id,
        created_at=now_s(),
        originator=session.connection.client.name,
        thread_source=either(params.threadSource, None),
        git=git_info(cwd),
    )


def session_meta(identity: ThreadIdentity, settings: ThreadSettings) -> rows.SessionMeta:
    """The head of a new rollout."""
    instructions = settings.base_instructions
    return rows.SessionMeta(
        id=identity.id,
        session_id=identity.session_id,
        cwd=str(settings.cwd),
        runtime_workspace_roots=list(settings.workspace_roots),
        originator=identity.originator,
        cli_version=WIRE_VERSION,
        source=identity.source,
        thread_source=identity.thread_source,
        model_provider=settings.model_provider,
        base_instructions=rows.BaseInstructions(instructions) if instructions else None,
        history_mode="paginated",
        git=values.git_to_row(identity.git) if identity.git else None,
        forked_from_id=identity.forked_from,
    )


def folder(path: Any) -> Path:
    """The working directory a client named, else the daemon's; raises SettingsError."""
    cwd = working_directory(either(path, None))
    return absolute(str(cwd), cwd)


def stored_cwd(stored: StoredThread) -> str | None:
    """Where the last turn ran, if that folder is still there."""
    cwd = (stored.context.cwd if stored.context else "") or stored.meta.cwd
    return cwd if cwd and os.path.isdir(cwd) else None


def stored_overrides(stored: StoredThread) -> dict[str, object]:
    """What a thread keeps of its last turn's settings, as configuration overrides."""
    overrides: dict[str, object] = {}
    if stored.meta.model_provider:
        overrides["model_provider"] = stored.meta.model_provider
    if stored.context and stored.context.model:
        overrides["model"] = stored.context.model
    return overrides


def request_overrides(params: Any) -> dict[str, object]:
    """The configuration that a request sets for its thread."""
    named = {
        "model": params.model,
        "model_provider": params.modelProvider,
        "sandbox_mode": params.sandbox,
        "service_tier": params.serviceTier,
    }
    return {**either(params.config, {}), **{key: value for key, value in named.items() if given(value)}}


def thread_settings(config: Config, params: Any, cwd: Path, stored: StoredThread | None = None) -> ThreadSettings:
    """Configuration, what the stored thread last used, and what the request says, the latter strongest."""
    if given(params.permissions) and given(params.sandbox):
        raise SettingsError("`permissions` cannot be combined with `sandbox`")
    written = config.settings
    context = stored.context if stored and stored.context else rows.TurnContext()
    requested = request_overrides(params)

    def kept(key: str, last: Any, configured: Any) -> Any:
        """What the thread last used stays, unless the request sets that key."""
        return configured if key in requested else last or configured

    policy: AskForApproval = kept(
        "approval_policy", values.approval_policy_to_wire(context.approval_policy), approval_policy(config)
    )
    sandbox = kept(
        "sandbox_mode",
        values.sandbox_policy_to_wire(context.sandbox_policy),
        sandbox_policy(config.sandbox_mode, written.sandbox_workspace_write),
    )
    roots = either(params.runtimeWorkspaceRoots, None)
    return ThreadSettings(
        model=config.model,
        model_provider=config.provider.id,
        cwd=cwd,
        workspace_roots=tuple(roots) if roots else (str(cwd),),
        approval_policy=either(params.approvalPolicy, policy),
        approvals_reviewer=either(params.approvalsReviewer, "user"),
        sandbox_policy=sandbox,
        effort=kept("model_reasoning_effort", context.effort, written.model_reasoning_effort),
        summary=kept("model_reasoning_summary", context.summary, written.model_reasoning_summary),
        verbosity=written.model_verbosity,
        service_tier=kept("service_tier", context.service_tier, written.service_tier),
        base_instructions=either(params.baseInstructions, None) or stored_instructions(stored),
        developer_instructions=either(params.developerInstructions, written.developer_instructions),
    )


def stored_instructions(stored: StoredThread | None) -> str | None:
    return stored.meta.base_instructions.text if stored and stored.meta.base_instructions else None


def approval_policy(config: Config) -> AskForApproval:
    policy = config.approval_policy
    if isinstance(policy, GranularPolicy):
        return msgspec.convert(msgspec.to_builtins(policy), AskForApprovalObject)
    return policy
