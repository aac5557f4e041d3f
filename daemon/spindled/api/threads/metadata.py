"""thread/name/set, thread/metadata/update: what a thread is called and which commit it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spindled.agent.settings import given
from spindled.api.errors import handler
from spindled.api.shelf.projects import tell_thread
from spindled.api.shelf.shelving import shelved
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import refuse_ephemeral, require_thread
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.replay import values
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    GitInfo,
    ThreadMetadataUpdateResponse,
    ThreadNameUpdatedNotification,
    ThreadSetNameResponse,
)

if TYPE_CHECKING:
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled_protocol.types import (
        Thread,
        ThreadMetadataGitInfoUpdateParams,
        ThreadMetadataUpdateParams,
        ThreadSetNameParams,
    )

NOT_KEPT = "ephemeral thread does not support metadata updates: {}"


@handler
def thread_name_set(session: Session, params: ThreadSetNameParams) -> Then:
    wanted, name = thread_id(params.threadId), params.name.strip()
    if not name:
        raise RpcError(INVALID_REQUEST, "thread name must not be empty")
    refuse_ephemeral(session.application, wanted, NOT_KEPT.format(wanted))
    session.application.store.set_name(wanted, name)
    loaded = session.application.threads.find(wanted)
    if loaded is not None:
        loaded.identity.name = name
    notice = ThreadNameUpdatedNotification(threadId=wanted, threadName=name)

    def announce() -> None:
        if session.application.threads.find(wanted) is not None:
            session.application.followers(wanted).publish("thread/name/updated", notice)
        else:
            session.application.audience.tell("thread/name/updated", notice)

    return Then(ThreadSetNameResponse(), announce)


@handler
def thread_metadata_update(session: Session, params: ThreadMetadataUpdateParams) -> Then:
    """A field that is absent stays; in gitInfo null clears it, an empty project is none."""
    wanted, application = thread_id(params.threadId), session.application
    if params.daybreakEnabled is not UNSET:
        raise RpcError(INVALID_REQUEST, "thread/metadata/update with `daybreakEnabled` is not supported")
    if not given(params.gitInfo) and not given(params.projectId):
        raise RpcError(INVALID_REQUEST, "thread metadata update must include at least one field")
    refuse_ephemeral(application, wanted, NOT_KEPT.format(wanted))
    if params.gitInfo:
        set_git(application, wanted, params.gitInfo)
    require_thread(application, wanted)
    moved = given(params.projectId) and application.store.library.projects.assign(wanted, params.projectId or None)
    response = ThreadMetadataUpdateResponse(thread=shown(session, wanted))
    return Then(response, lambda: tell_thread(application, wanted, params.projectId or None) if moved else None)


def set_git(application: Application, wanted: str, update: ThreadMetadataGitInfoUpdateParams) -> None:
    changes = {name: value for name, value in msgspec.structs.asdict(update).items() if value is not UNSET}
    if not changes:
        raise RpcError(INVALID_REQUEST, "gitInfo must include at least one field")
    for name, value in changes.items():
        if value is not None and not value.strip():
            raise RpcError(INVALID_REQUEST, f"gitInfo.{name} must not be empty")
    store, loaded = application.store, application.threads.find(wanted)
    known = loaded.identity.git if loaded is not None else store.summary(wanted).to_thread().gitInfo
    git = msgspec.structs.replace(known or GitInfo(), **changes)
    store.set_git(wanted, values.git_to_row(git))
    if loaded is not None:
        loaded.identity.git = git if git != GitInfo() else None


def shown(session: Session, wanted: str) -> Thread:
    """The thread without its turns, loaded or not."""
    store, loaded = session.application.store, session.application.threads.find(wanted)
    thread = loaded.snapshot() if loaded is not None else store.summary(wanted).to_thread()
    return shelved(store.library, thread)
