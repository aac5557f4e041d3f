"""threadSection/* and thread/section/move: the sections that users sort threads into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.clock import now_s
from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.reading.slices import after
from spindled.api.shelf.refusals import invalid_params
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import require_thread
from spindled.rpc.connection import Then
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    ThreadSectionChangedNotification,
    ThreadSectionCreateResponse,
    ThreadSectionDeleteResponse,
    ThreadSectionListResponse,
    ThreadSectionMoveResponse,
    ThreadSectionUpdateResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import (
        ThreadSectionCreateParams,
        ThreadSectionDeleteParams,
        ThreadSectionListParams,
        ThreadSectionMoveParams,
        ThreadSectionUpdateParams,
    )


@handler
def section_list(session: Session, params: ThreadSectionListParams) -> ThreadSectionListResponse:
    cursor = either(params.cursor, None)
    page = after(
        session.application.store.library.sections.all(),
        params.limit,
        (lambda section: section.id <= cursor) if cursor else None,
        lambda section: section.id,
    )
    return ThreadSectionListResponse(data=page.items, nextCursor=page.next_cursor)


@handler
def section_create(session: Session, params: ThreadSectionCreateParams) -> ThreadSectionCreateResponse:
    with invalid_params():
        section = session.application.store.library.sections.create(params.name, either(params.appearance, None))
    return ThreadSectionCreateResponse(section=section)


@handler
def section_update(session: Session, params: ThreadSectionUpdateParams) -> ThreadSectionUpdateResponse:
    """An appearance that is absent stays, null clears it."""
    sections = session.application.store.library.sections
    look = either(params.appearance, None)
    with invalid_params():
        section = sections.update(params.sectionId, params.name, look, relook=params.appearance is not UNSET)
    return ThreadSectionUpdateResponse(section=section)


@handler
def section_delete(session: Session, params: ThreadSectionDeleteParams) -> ThreadSectionDeleteResponse:
    with invalid_params():
        session.application.store.library.sections.delete(params.sectionId)
    return ThreadSectionDeleteResponse()


@handler
def thread_section_move(session: Session, params: ThreadSectionMoveParams) -> Then:
    wanted, before = thread_id(params.threadId), either(params.beforeThreadId, None)
    require_thread(session.application, wanted)
    session.application.store.library.sections.move(wanted, params.sectionId, before, now_s())
    notice = ThreadSectionChangedNotification(threadId=wanted, sectionId=params.sectionId)
    audience = session.application.audience
    return Then(ThreadSectionMoveResponse(), lambda: audience.tell("thread/section/changed", notice))
