"""thread/loaded/list and thread/unsubscribe: which threads are loaded, and who follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import ThreadLoadedListResponse, ThreadUnsubscribeResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadLoadedListParams, ThreadUnsubscribeParams


@handler
def thread_loaded_list(session: Session, params: ThreadLoadedListParams) -> ThreadLoadedListResponse:
    """In the order of their ids; the cursor is the last one that was given."""
    cursor, limit = either(params.cursor, None), either(params.limit, None)
    after = "" if cursor is None else place(cursor)
    ids = sorted(thread.id for thread in session.application.threads if thread.id > after)
    size = len(ids) if limit is None else max(limit, 1)
    return ThreadLoadedListResponse(data=ids[:size], nextCursor=ids[size - 1] if len(ids) > size else None)


def place(cursor: str) -> str:
    try:
        return thread_id(cursor)
    except RpcError as error:
        raise RpcError(INVALID_REQUEST, f"invalid cursor: {cursor[:100]}") from error


@handler
def thread_unsubscribe(session: Session, params: ThreadUnsubscribeParams) -> ThreadUnsubscribeResponse:
    wanted = thread_id(params.threadId)
    if session.application.threads.find(wanted) is None:
        return ThreadUnsubscribeResponse(status="notLoaded")
    followed = session.unfollow(wanted)
    return ThreadUnsubscribeResponse(status="unsubscribed" if followed else "notSubscribed")
