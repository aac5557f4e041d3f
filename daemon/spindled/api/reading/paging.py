"""thread/turns/list and thread/items/list: a thread in pages, in both directions.

A cursor is the place of a turn or an item in the thread: `<kind>:<place>`, with `=` when that place itself comes first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.reading.reading import made, turns_of
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import refuse_ephemeral
from spindled.rpc.errors import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, RpcError
from spindled.store.errors import ThreadLookupError
from spindled_protocol.types import (
    AgentMessageThreadItem,
    ItemThreadItemsListAnchor,
    ThreadItemEntry,
    ThreadItemsListResponse,
    ThreadItemsReadResponse,
    ThreadTurnsListResponse,
    TurnsPage,
    UserMessageThreadItem,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spindled.api.session import Session
    from spindled.store.replay.stored_turns import StoredTurns
    from spindled_protocol.base import UnsetType
    from spindled_protocol.types import (
        ThreadItem,
        ThreadItemsListParams,
        ThreadItemsReadParams,
        ThreadResumeInitialTurnsPageParams,
        ThreadTurnsListParams,
        Turn,
        TurnItemsView,
    )

T = TypeVar("T")

DEFAULT_LIMIT = 25
MAX_LIMIT = 1000
MAX_READ = 100
MAX_DIGITS = 18


class Page(NamedTuple):
    start: int
    stop: int
    step: int
    next_cursor: str | None
    backwards_cursor: str | None


class Cursors(NamedTuple):
    """Where paging backwards from the end of a thread begins."""

    turns: str | None
    items: str | None


@handler
async def thread_turns_list(session: Session, params: ThreadTurnsListParams) -> ThreadTurnsListResponse:
    refuse_ephemeral(
        session.application, thread_id(params.threadId), "ephemeral threads do not support thread/turns/list"
    )
    turns = await turns_or_refusal(session, params.threadId)
    page = await asyncio.to_thread(cut_turns, turns, either(params.cursor, None), params)
    return ThreadTurnsListResponse(data=page.data, nextCursor=page.nextCursor, backwardsCursor=page.backwardsCursor)


def initial_page(
    turns: Sequence[Turn], wanted: ThreadResumeInitialTurnsPageParams | UnsetType | None
) -> TurnsPage | None:
    """The first page of `thread/turns/list`, where a client wants it together with the thread."""
    return cut_turns(turns, None, wanted) if isinstance(wanted, Struct) else None


def cut_turns(
    turns: Sequence[Turn], cursor: str | None, wanted: ThreadTurnsListParams | ThreadResumeInitialTurnsPageParams
) -> TurnsPage:
    page = cut("turn", len(turns), cursor, either(wanted.limit, None), either(wanted.sortDirection, "desc") == "asc")
    view = either(wanted.itemsView, "summary")
    return TurnsPage(
        data=[viewed(turn, view) for turn in pick(turns, page)],
        nextCursor=page.next_cursor,
        backwardsCursor=page.backwards_cursor,
    )


@handler
async def thread_items_list(session: Session, params: ThreadItemsListParams) -> ThreadItemsListResponse:
    turns = await turns_or_refusal(session, params.threadId)
    turn_id = either(params.turnId, None)
    chosen = await made(turns) if turn_id is None else turns.of(turn_id)
    entries = [entry(turn.id, item) for turn in chosen for item in turn.items]
    cursor = either(params.cursor, None)
    if isinstance(cursor, ItemThreadItemsListAnchor):
        if turn_id is None:
            raise RpcError(INVALID_PARAMS, "turnId is required when cursor is an item anchor")
        place = next((i for i, found in enumerate(entries) if item_id(found.item) == cursor.itemId), None)
        if place is None:
            raise RpcError(INVALID_PARAMS, "cursor.itemId does not identify an item in the requested history scope")
        cursor = f"item:={place}"
    ascending = either(params.sortDirection, "asc") == "asc"
    page = cut("item", len(entries), cursor, either(params.limit, None), ascending)
    return ThreadItemsListResponse(
        data=pick(entries, page), nextCursor=page.next_cursor, backwardsCursor=page.backwards_cursor
    )


@handler
async def thread_items_read(session: Session, params: ThreadItemsReadParams) -> ThreadItemsReadResponse:
    """In the thread's order; ids that the turn does not have are passed over."""
    if not 1 <= len(params.itemIds) <= MAX_READ:
        raise RpcError(INVALID_REQUEST, f"itemIds must contain 1 to {MAX_READ} IDs")
    turns = await turns_or_refusal(session, params.threadId)
    wanted = set(params.itemIds)
    found = [item for turn in turns.of(params.turnId) for item in turn.items if item_id(item) in wanted]
    return ThreadItemsReadResponse(data=[entry(params.turnId, item) for item in found])


async def turns_or_refusal(session: Session, text: str) -> StoredTurns:
    """The turns of a thread that is kept. Raises RpcError."""
    wanted = thread_id(text)
    refuse_ephemeral(session.application, wanted, "ephemeral threads keep no items", METHOD_NOT_FOUND)
    try:
        return await turns_of(session.application, wanted)
    except ThreadLookupError as error:
        raise RpcError(INVALID_REQUEST, f"thread not loaded: {wanted}") from error


def cut(kind: str, count: int, cursor: str | None, limit: int | None, ascending: bool) -> Page:
    """The page after a cursor; raises RpcError for a cursor that is not ours."""
    size = min(max(limit or DEFAULT_LIMIT, 1), MAX_LIMIT)
    step = 1 if ascending else -1
    start = (0 if ascending else count - 1) if cursor is None else first_place(kind, cursor, step)
    if not ascending:
        start = min(start, count - 1)  # there may be less than there was, or than was counted
    stop = start + step * size
    beyond = stop < count if ascending else stop >= 0
    last = stop - step
    return Page(
        start=start,
        stop=max(stop, -1),
        step=step,
        next_cursor=f"{kind}:{last}" if beyond and 0 <= start < count else None,
        backwards_cursor=f"{kind}:={start}" if 0 <= start < count else None,
    )


def first_place(kind: str, cursor: str, step: int) -> int:
    name, _, place = cursor.partition(":")
    included = place.startswith("=")
    digits = place.removeprefix("=")
    if name != kind or len(digits) > MAX_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise RpcError(INVALID_REQUEST, f"invalid cursor: {cursor[:100]}")
    return int(digits) if included else int(digits) + step


def pick(rows: Sequence[T], page: Page) -> list[T]:
    return [rows[i] for i in range(page.start, page.stop, page.step) if 0 <= i < len(rows)]


def page_cursors(turns: StoredTurns) -> Cursors:
    count = turns.item_count
    return Cursors(f"turn:={len(turns) - 1}" if turns else None, f"item:={count - 1}" if count else None)


def viewed(turn: Turn, view: TurnItemsView) -> Turn:
    """A turn with as much of its items as was asked for: all, its first question and last answer, or none."""
    items = turn.items
    if view == "notLoaded":
        items = []
    elif view == "summary":
        users = [item for item in items if isinstance(item, UserMessageThreadItem)][:1]
        answers = [item for item in items if isinstance(item, AgentMessageThreadItem)][-1:]
        items = [*users, *answers]
    return replace(turn, items=items, itemsView=view)


def entry(turn_id: str, item: ThreadItem) -> ThreadItemEntry:
    started, completed = (
        either(getattr(item, "startedAtMs", None), None),
        either(getattr(item, "completedAtMs", None), None),
    )
    return ThreadItemEntry(
        turnId=turn_id, item=item, outputDeferred=False, startedAtMs=started, completedAtMs=completed
    )


def item_id(item: ThreadItem) -> str | None:
    return getattr(item, "id", None)
