"""thread/list, thread/read: stored threads, loaded or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import either, given
from spindled.api.errors import handler
from spindled.api.reading.reading import as_loaded, made, stored_turns, turns_of
from spindled.api.reading.whole_history import OMIT, discourage
from spindled.api.shelf.refusals import invalid_params
from spindled.api.shelf.shelving import shelve, shelved
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import refuse_ephemeral
from spindled.rpc.errors import INVALID_PARAMS, INVALID_REQUEST, RpcError
from spindled.store.errors import ThreadLookupError
from spindled.store.index.query import ListQuery
from spindled_protocol.types import (
    ThreadListResponse,
    ThreadReadResponse,
)

if TYPE_CHECKING:
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadListParams, ThreadReadParams

MAX_EXCLUDED = 100


@handler
async def thread_list(session: Session, params: ThreadListParams) -> ThreadListResponse:
    application = session.application
    check_filters(application, params)
    await application.index()
    try:
        page = application.store.list(ListQuery.from_params(params))
    except ValueError as error:
        raise RpcError(INVALID_REQUEST, str(error)) from error
    threads = [summary.to_thread() for summary in page.threads]
    for thread in threads:
        as_loaded(application, thread)
    library = application.store.library
    shelve(library, threads)
    states = library.read_states.of_all([thread.id for thread in threads])
    return ThreadListResponse(
        data=threads, readStates=states, nextCursor=page.next_cursor, backwardsCursor=page.backwards_cursor
    )


@handler
async def thread_read(session: Session, params: ThreadReadParams) -> ThreadReadResponse:
    application, wanted = session.application, thread_id(params.threadId)
    with_turns = either(params.includeTurns, False)
    if with_turns:
        refuse_ephemeral(application, wanted, "ephemeral threads do not support includeTurns")
    loaded = application.threads.find(wanted)
    library = application.store.library
    if loaded is not None:
        thread = loaded.snapshot(await made(await stored_turns(application, loaded)) if with_turns else [])
    else:
        try:
            thread = application.store.summary(wanted).to_thread()
            thread.turns = await made(await turns_of(application, wanted)) if with_turns else []
        except ThreadLookupError as error:
            raise RpcError(INVALID_REQUEST, f"thread not loaded: {wanted}") from error
    if thread.turns and thread.historyMode == "paginated":
        discourage(session, OMIT)
    state = library.read_states.of(wanted)
    return ThreadReadResponse(thread=shelved(library, thread), readState=state.to_wire() if state else None)


def check_filters(application: Application, params: ThreadListParams) -> None:
    """Ids in their one form; raises RpcError for filters that do not fit together."""
    for name, what in (
        ("parentThreadId", "parent thread"),
        ("ancestorThreadId", "ancestor thread"),
        ("attachedToThreadId", "attached thread parent"),
    ):
        if given(text := getattr(params, name)):
            setattr(params, name, thread_id(text, what))
    excluded = either(params.excludedThreadIds, [])
    if len(excluded) > MAX_EXCLUDED:
        raise RpcError(INVALID_PARAMS, f"excludedThreadIds accepts at most {MAX_EXCLUDED} entries")
    params.excludedThreadIds = [thread_id(text, "excluded thread", INVALID_PARAMS) for text in excluded]
    relatives = [given(params.parentThreadId), given(params.ancestorThreadId)]
    if all(relatives):
        raise RpcError(INVALID_REQUEST, "parentThreadId and ancestorThreadId are mutually exclusive")
    if given(params.attachedToThreadId) and any(relatives):
        text = "attachedToThreadId cannot be combined with parentThreadId or ancestorThreadId"
        raise RpcError(INVALID_REQUEST, text)
    if either(params.includeAttachedThreads, False) and not either(params.searchTerm, "").strip():
        raise RpcError(INVALID_REQUEST, "includeAttachedThreads requires a non-empty searchTerm")
    if either(params.originators, None):
        raise RpcError(INVALID_PARAMS, "originator filtering is not supported by the local app-server")
    if params.sortKey == "section_position" and not given(params.sectionId):
        raise RpcError(INVALID_REQUEST, "section-position sorting requires a section filter")
    if isinstance(params.projectId, str):
        with invalid_params():
            application.store.library.projects.read(params.projectId)
