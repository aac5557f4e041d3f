"""thread/list, thread/read: stored threads, loaded or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.ids import thread_id
from spindled.api.reading import stored_turns, turns_of
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.errors import ThreadLookupError
from spindled.store.query import ListQuery
from spindled_protocol.types import (
    ThreadListResponse,
    ThreadReadResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadListParams, ThreadReadParams


@handler
async def thread_list(session: Session, params: ThreadListParams) -> ThreadListResponse:
    application = session.application
    if not application.indexed:
        await asyncio.to_thread(application.store.refresh)
        application.indexed = True
    try:
        page = application.store.list(ListQuery.from_params(params))
    except ValueError as error:
        raise RpcError(INVALID_REQUEST, str(error)) from error
    threads = [summary.to_thread() for summary in page.threads]
    for thread in threads:
        loaded = application.threads.find(thread.id)
        if loaded is not None:
            thread.status = loaded.events.status
    return ThreadListResponse(
        data=threads, readStates={}, nextCursor=page.next_cursor, backwardsCursor=page.backwards_cursor
    )


@handler
async def thread_read(session: Session, params: ThreadReadParams) -> ThreadReadResponse:
    application, wanted = session.application, thread_id(params.threadId)
    with_turns = either(params.includeTurns, False)
    loaded = application.threads.find(wanted)
    if loaded is not None:
        turns = await stored_turns(application, loaded) if with_turns else []
        return ThreadReadResponse(thread=loaded.snapshot(turns))
    try:
        thread = application.store.summary(wanted).to_thread()
        thread.turns = await turns_of(application, wanted) if with_turns else []
    except ThreadLookupError as error:
        raise RpcError(INVALID_REQUEST, f"thread not loaded: {wanted}") from error
    return ThreadReadResponse(thread=thread)
