"""thread/archive, thread/unarchive, thread/delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import refuse_ephemeral
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    NotLoadedThreadStatus,
    ThreadArchivedNotification,
    ThreadArchiveResponse,
    ThreadDeletedNotification,
    ThreadDeleteResponse,
    ThreadStatusChangedNotification,
    ThreadUnarchivedNotification,
    ThreadUnarchiveResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadArchiveParams, ThreadDeleteParams, ThreadUnarchiveParams


@handler
async def thread_archive(session: Session, params: ThreadArchiveParams) -> Then:
    """A thread that had no turn is written now, to be found among the archived ones."""
    wanted = thread_id(params.threadId, "session")
    loaded = session.application.threads.find(wanted)
    if loaded is not None:
        loaded.record.begin()
    session.application.store.summary(wanted)
    await unload(session, wanted)
    session.application.store.archive(wanted)
    notice = ThreadArchivedNotification(threadId=wanted)
    return Then(ThreadArchiveResponse(), lambda: session.application.audience.tell("thread/archived", notice))


@handler
def thread_unarchive(session: Session, params: ThreadUnarchiveParams) -> Then:
    wanted = thread_id(params.threadId)
    store = session.application.store
    store.unarchive(wanted)
    notice = ThreadUnarchivedNotification(threadId=wanted)
    response = ThreadUnarchiveResponse(thread=store.summary(wanted).to_thread())
    return Then(response, lambda: session.application.audience.tell("thread/unarchived", notice))


@handler
async def thread_delete(session: Session, params: ThreadDeleteParams) -> Then:
    wanted, application = thread_id(params.threadId), session.application
    refuse_ephemeral(application, wanted, f"thread is not persisted and cannot be deleted: {wanted}")
    application.store.summary(wanted)
    await application.index()
    if attached := application.store.attached_to(wanted):
        text = f"cannot delete thread while attached thread {attached} exists; delete the attached thread first"
        raise RpcError(INVALID_REQUEST, text)
    await unload(session, wanted)
    session.application.store.delete(wanted)
    notice = ThreadDeletedNotification(threadId=wanted)
    return Then(ThreadDeleteResponse(), lambda: session.application.audience.tell("thread/deleted", notice))


async def unload(session: Session, wanted: str) -> None:
    """Stop a loaded thread; every client hears that it is not loaded any more."""
    application = session.application
    thread = await application.threads.unload(wanted)
    if thread is None:
        return
    status = ThreadStatusChangedNotification(threadId=wanted, status=NotLoadedThreadStatus())
    application.followers(wanted).publish("thread/status/changed", status)
    application.forget_followers(wanted)
