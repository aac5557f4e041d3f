"""thread/search and thread/searchOccurrences: words in what users and models said."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.reading.paging import turns_or_refusal
from spindled.api.reading.reading import as_loaded
from spindled.api.reading.slices import page_size
from spindled.api.shelf.shelving import shelve
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.index.query import ListQuery
from spindled.store.index.search import occurrences
from spindled_protocol.types import (
    ThreadSearchOccurrence,
    ThreadSearchOccurrencesResponse,
    ThreadSearchResponse,
    ThreadSearchResult,
    ThreadSearchTextRange,
)

if TYPE_CHECKING:
    from typing import Any

    from spindled.api.session import Session
    from spindled.store.index.search import Occurrence
    from spindled_protocol.types import ThreadSearchOccurrencesParams, ThreadSearchParams

CURSOR = "occurrence:"
DIGITS = 9


@handler
async def thread_search(session: Session, params: ThreadSearchParams) -> ThreadSearchResponse:
    application, term = session.application, required(params, "thread/search")
    query = ListQuery(
        cursor=either(params.cursor, None),
        limit=either(params.limit, None),
        sort_key=either(params.sortKey, "created_at"),
        descending=either(params.sortDirection, "desc") == "desc",
        archived=either(params.archived, False),
        source_kinds=list(either(params.sourceKinds, [])) or None,
        with_attached=either(params.includeAttachedThreads, False),
    )
    await application.index()
    try:
        found = await asyncio.to_thread(application.store.search, query, term)
    except ValueError as error:
        raise RpcError(INVALID_REQUEST, str(error)) from error
    results = [ThreadSearchResult(thread=summary.to_thread(), snippet=snippet) for summary, snippet in found.threads]
    for result in results:
        as_loaded(application, result.thread)
    shelve(application.store.library, [result.thread for result in results])
    return ThreadSearchResponse(data=results, nextCursor=found.next_cursor, backwardsCursor=found.backwards_cursor)


@handler
async def search_occurrences(
    session: Session, params: ThreadSearchOccurrencesParams
) -> ThreadSearchOccurrencesResponse:
    """The cursor counts occurrences: a thread only grows."""
    term, cursor = required(params, "thread/searchOccurrences"), either(params.cursor, f"{CURSOR}0")
    number = cursor.removeprefix(CURSOR)
    if not cursor.startswith(CURSOR) or not (number.isascii() and number.isdigit()) or len(number) > DIGITS:
        raise RpcError(INVALID_REQUEST, f"invalid cursor: {cursor[:100]}")
    turns = await turns_or_refusal(session, params.threadId)
    start, size = int(number), page_size(params.limit)
    found = await asyncio.to_thread(lambda: list(islice(occurrences(turns, term), start, start + size + 1)))
    return ThreadSearchOccurrencesResponse(
        data=[shown(each) for each in found[:size]],
        nextCursor=f"{CURSOR}{start + size}" if len(found) > size else None,
    )


def shown(found: Occurrence) -> ThreadSearchOccurrence:
    """With a cursor at which thread/turns/list begins with its turn."""
    return ThreadSearchOccurrence(
        turnId=found.turn_id,
        itemId=found.item_id,
        snippet=found.snippet,
        snippetMatchRange=ThreadSearchTextRange(start=found.start, end=found.end),
        turnCursor=f"turn:={found.place}",
    )


def required(params: Any, method: str) -> str:
    """Raises RpcError for a term of nothing."""
    term: str = params.searchTerm
    if not term.strip():
        raise RpcError(INVALID_REQUEST, f"{method} requires a non-empty searchTerm")
    return term
