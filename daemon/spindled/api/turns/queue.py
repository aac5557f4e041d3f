"""thread/queue/*: input that is sent when the turns before it have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.prompt.inputs import PreparedInput
from spindled.agent.settings import either
from spindled.agent.turns import TurnConflict
from spindled.api.errors import handler
from spindled.api.reading.slices import page_size
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled.store.errors import RolloutNotFound, ThreadArchived
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    ThreadQueueAddResponse,
    ThreadQueueDeleteResponse,
    ThreadQueueListResponse,
    ThreadQueueReorderResponse,
    ThreadQueueStartResponse,
    ThreadQueueUpdateResponse,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled_protocol.types import (
        ThreadQueueAddParams,
        ThreadQueueDeleteParams,
        ThreadQueueListParams,
        ThreadQueueReorderParams,
        ThreadQueueStartParams,
        ThreadQueueUpdateParams,
        UserInput,
    )


@handler
def queue_add(session: Session, params: ThreadQueueAddParams) -> Then:
    """An idle thread begins with what is queued at once."""
    wanted = thread_id(params.threadId)
    thread = found(session.application, wanted)
    submission = session.application.store.library.queues.add(
        wanted,
        checked(params.input),
        params.clientUserMessageId,
        either(params.responsesapiClientMetadata, None),
    )

    def tell() -> None:
        changed(thread)
        if thread is not None:
            thread.turns.begin_next()

    return Then(ThreadQueueAddResponse(queuedSubmission=submission), tell)


@handler
def queue_list(session: Session, params: ThreadQueueListParams) -> ThreadQueueListResponse:
    """The cursor is a number: the queue is short, and moves."""
    wanted, cursor = thread_id(params.threadId), either(params.cursor, "0")
    found(session.application, wanted)
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise RpcError(INVALID_REQUEST, f"invalid queue pagination cursor: {cursor[:100]}")
    start, waiting = int(cursor), session.application.store.library.queues.of(wanted)
    end = start + page_size(params.limit)
    return ThreadQueueListResponse(data=waiting[start:end], nextCursor=str(end) if end < len(waiting) else None)


@handler
def queue_update(session: Session, params: ThreadQueueUpdateParams) -> Then:
    wanted = thread_id(params.threadId)
    thread, queues = found(session.application, wanted), session.application.store.library.queues
    changes = {"input": checked(params.input), "responsesapiClientMetadata": params.responsesapiClientMetadata}
    given = {name: value for name, value in changes.items() if value is not UNSET}
    submission = queues.update(wanted, params.queuedSubmissionId, **given)
    return Then(ThreadQueueUpdateResponse(queuedSubmission=submission), lambda: changed(thread))


@handler
def queue_delete(session: Session, params: ThreadQueueDeleteParams) -> Then:
    wanted = thread_id(params.threadId)
    thread = found(session.application, wanted)
    deleted = session.application.store.library.queues.remove(wanted, params.queuedSubmissionId)
    return Then(ThreadQueueDeleteResponse(deleted=deleted), lambda: changed(thread) if deleted else None)


@handler
def queue_reorder(session: Session, params: ThreadQueueReorderParams) -> Then:
    wanted = thread_id(params.threadId)
    thread = found(session.application, wanted)
    session.application.store.library.queues.reorder(wanted, params.queuedSubmissionIds)
    return Then(ThreadQueueReorderResponse(), lambda: changed(thread))


@handler
def queue_start(session: Session, params: ThreadQueueStartParams) -> Then:
    """Begin with one of them now, or the first: after an interrupt nothing follows by itself."""
    wanted, chosen = thread_id(params.threadId), either(params.queuedSubmissionId, None)
    found(session.application, wanted)
    queues = session.application.store.library.queues
    submission = queues.find(wanted, chosen) if chosen is not None else queues.first(wanted)
    thread = session.application.threads.get(wanted) if submission is not None else None
    if thread is not None and thread.turns.active is not None:
        raise TurnConflict("thread already has an active or pending turn")
    if submission is None or thread is None or thread.follow_ups is None:
        raise TurnConflict("queue is empty")
    session.follow(thread)
    turn = thread.follow_ups.take(submission)

    def begin() -> None:
        thread.events.queue_changed()
        turn.start()

    return Then(ThreadQueueStartResponse(turn=turn.snapshot_at_start()), begin)


def found(application: Application, wanted: str) -> Thread | None:
    """The thread if it is loaded. Raises RpcError, ThreadArchived."""
    thread = application.threads.find(wanted)
    if thread is not None and thread.follow_ups is None:
        text = f"ephemeral thread does not support queued submissions: {wanted}"
        raise RpcError(INVALID_REQUEST, text)
    if thread is None:
        try:
            if application.store.summary(wanted).archived:
                raise ThreadArchived(wanted)
        except RolloutNotFound as error:
            text = f"failed to read thread: invalid thread-store request: {error}"
            raise RpcError(INTERNAL_ERROR, text) from error
    return thread


def checked(inputs: Sequence[UserInput]) -> list[UserInput]:
    """Raises InputError, RpcError."""
    if not inputs:
        raise RpcError(INVALID_REQUEST, "only user input can be added to the user-message queue")
    return PreparedInput(inputs, None).inputs


def changed(thread: Thread | None) -> None:
    if thread is not None:
        thread.events.queue_changed()
