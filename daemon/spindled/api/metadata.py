"""thread/name/set, thread/metadata/update: what a thread is called and which commit it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spindled.api.errors import handler
from spindled.api.ids import thread_id
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store import values
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    GitInfo,
    ThreadMetadataUpdateResponse,
    ThreadNameUpdatedNotification,
    ThreadSetNameResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import Thread, ThreadMetadataUpdateParams, ThreadSetNameParams


@handler
def thread_name_set(session: Session, params: ThreadSetNameParams) -> Then:
    wanted, name = thread_id(params.threadId), params.name.strip()
    if not name:
        raise RpcError(INVALID_REQUEST, "thread name must not be empty")
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
def thread_metadata_update(session: Session, params: ThreadMetadataUpdateParams) -> ThreadMetadataUpdateResponse:
    """A field that is absent stays, null clears it."""
    wanted = thread_id(params.threadId)
    for name in ("projectId", "daybreakEnabled"):
        if getattr(params, name) is not UNSET:
            raise RpcError(INVALID_REQUEST, f"thread/metadata/update with `{name}` is not supported")
    update = params.gitInfo
    if not update:
        raise RpcError(INVALID_REQUEST, "gitInfo must include at least one field")
    changes = {name: value for name, value in msgspec.structs.asdict(update).items() if value is not UNSET}
    if not changes:
        raise RpcError(INVALID_REQUEST, "gitInfo must include at least one field")
    store, loaded = session.application.store, session.application.threads.find(wanted)
    known = loaded.identity.git if loaded is not None else store.summary(wanted).to_thread().gitInfo
    git = msgspec.structs.replace(known or GitInfo(), **changes)
    store.set_git(wanted, values.git_to_row(git))
    if loaded is not None:
        loaded.identity.git = git
    return ThreadMetadataUpdateResponse(thread=shown(session, wanted))


def shown(session: Session, wanted: str) -> Thread:
    """The thread without its turns, loaded or not."""
    loaded = session.application.threads.find(wanted)
    return loaded.snapshot() if loaded is not None else session.application.store.summary(wanted).to_thread()
