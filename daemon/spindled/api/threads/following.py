"""thread/loaded/list and thread/unsubscribe: which threads are loaded, and who follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled_protocol.types import ThreadLoadedListResponse, ThreadUnsubscribeResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadLoadedListParams, ThreadUnsubscribeParams


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
