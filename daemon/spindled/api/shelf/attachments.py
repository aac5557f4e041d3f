"""thread/attachment/* and thread/attachmentOwner/list: what clients pin to threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.clock import now_s
from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.reading.slices import after, page_size
from spindled.api.shelf.refusals import invalid_params
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_PARAMS, RpcError
from spindled.store.errors import ThreadLookupError
from spindled.store.library.attachments import check
from spindled_protocol.types import (
    ThreadAttachmentAddResponse,
    ThreadAttachmentListResponse,
    ThreadAttachmentOwnerListResponse,
    ThreadAttachmentRemoveResponse,
    ThreadAttachmentUpdatedNotification,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.store.library.attachments import Pinned
    from spindled_protocol.types import (
        ThreadAttachmentAddParams,
        ThreadAttachmentListParams,
        ThreadAttachmentOperation,
        ThreadAttachmentOwnerListParams,
        ThreadAttachmentRemoveParams,
    )


@handler
def attachment_add(session: Session, params: ThreadAttachmentAddParams) -> Then:
    """One that is there already stays as it is."""
    application, attachments = session.application, session.application.store.library.attachments
    with invalid_params():
        check(params.attachmentType, params.identityKey, params.payload)
    wanted = stored(application, params.threadId)
    known = attachments.find(wanted, params.attachmentType, params.identityKey)
    if known is not None:
        return Then(ThreadAttachmentAddResponse(outcome="existing", attachment=known.to_wire()), lambda: None)
    pinned = attachments.add(wanted, params.attachmentType, params.identityKey, params.payload, now_s())
    response = ThreadAttachmentAddResponse(outcome="created", attachment=pinned.to_wire())
    return Then(response, told(application, pinned, "created"))


@handler
def attachment_remove(session: Session, params: ThreadAttachmentRemoveParams) -> Then:
    application, attachments = session.application, session.application.store.library.attachments
    with invalid_params():
        check(params.attachmentType, params.identityKey)
    known = attachments.find(stored(application, params.threadId), params.attachmentType, params.identityKey)
    if known is None:
        return Then(ThreadAttachmentRemoveResponse(), lambda: None)
    attachments.remove(known)
    return Then(ThreadAttachmentRemoveResponse(), told(application, known, "deleted"))


@handler
def attachment_list(session: Session, params: ThreadAttachmentListParams) -> ThreadAttachmentListResponse:
    found = session.application.store.library.attachments.of(thread_id(params.threadId, code=INVALID_PARAMS))
    cursor = either(params.cursor, None)
    if cursor is not None and cursor not in [pinned.id for pinned in found]:
        raise RpcError(INVALID_PARAMS, "invalid pagination cursor")
    page = after(
        found, params.limit, (lambda pinned: pinned.id <= cursor) if cursor else None, lambda pinned: pinned.id
    )
    return ThreadAttachmentListResponse(data=[pinned.to_wire() for pinned in page.items], nextCursor=page.next_cursor)


@handler
def attachment_owner_list(
    session: Session, params: ThreadAttachmentOwnerListParams
) -> ThreadAttachmentOwnerListResponse:
    size, cursor = page_size(params.limit), either(params.cursor, None)
    after = "" if cursor is None else place(cursor)
    owners = session.application.store.library.attachments.owners(
        params.attachmentType, params.identityKey, either(params.archived, None), after, size + 1
    )
    more = owners[size - 1].threadId if len(owners) > size else None
    return ThreadAttachmentOwnerListResponse(data=owners[:size], nextCursor=more)


def place(cursor: str) -> str:
    """The thread that a page ended with; raises RpcError."""
    try:
        return thread_id(cursor)
    except RpcError as error:
        raise RpcError(INVALID_PARAMS, "invalid pagination cursor") from error


def stored(application: Application, text: str) -> str:
    """The id of a stored thread; raises RpcError."""
    wanted = thread_id(text, code=INVALID_PARAMS)
    try:
        application.store.summary(wanted)
    except ThreadLookupError as error:
        raise RpcError(INVALID_PARAMS, f"thread not found: {wanted}") from error
    return wanted


def told(application: Application, pinned: Pinned, operation: ThreadAttachmentOperation) -> Callable[[], None]:
    notice = ThreadAttachmentUpdatedNotification(
        threadId=pinned.thread_id,
        attachmentType=pinned.type,
        identityKey=pinned.key,
        attachmentId=pinned.id,
        operation=operation,
    )
    return lambda: application.audience.tell("thread/attachment/updated", notice)
