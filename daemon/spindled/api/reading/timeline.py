"""thread/timeline/list: items and the bounds of turns as one sequence, read from its end.

A cursor is the position of the first entry that was given. Turns are named in both spellings: the reference sends
`turnId`, and its JSON schema asks for `turn_id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.reading.paging import turns_or_refusal
from spindled.api.reading.reading import made
from spindled.api.reading.slices import page_size
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    ItemThreadTimelineEntry,
    ThreadTimelineListResponse,
    TurnCompletedThreadTimelineEntry,
    TurnStartedThreadTimelineEntry,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spindled.api.session import Session
    from spindled_protocol.types import ThreadTimelineEntry, ThreadTimelineListParams, Turn

DIGITS = 18


@handler
async def thread_timeline_list(session: Session, params: ThreadTimelineListParams) -> ThreadTimelineListResponse:
    entries = timeline(await made(await turns_or_refusal(session, params.threadId)))
    cursor = either(params.cursor, str(len(entries)))
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= DIGITS):
        raise RpcError(INVALID_REQUEST, "invalid thread timeline cursor")
    end = min(int(cursor), len(entries))
    start = max(end - page_size(params.limit), 0)
    return ThreadTimelineListResponse(data=entries[start:end], nextCursor=str(start) if start else None)


def timeline(turns: Iterable[Turn]) -> list[ThreadTimelineEntry]:
    """Oldest first; a position is a place in it, and stays when the thread grows."""
    entries: list[ThreadTimelineEntry] = []
    for turn in turns:
        entries.append(
            TurnStartedThreadTimelineEntry(
                position=len(entries),
                turn_id=turn.id,
                turnId=turn.id,
                started_at=turn.startedAt,
                startedAt=turn.startedAt,
            )
        )
        for item in turn.items:
            entries.append(ItemThreadTimelineEntry(position=len(entries), turnId=turn.id, item=item))
        if turn.status != "inProgress":
            entries.append(completed(turn, len(entries)))
    return entries


def completed(turn: Turn, position: int) -> TurnCompletedThreadTimelineEntry:
    return TurnCompletedThreadTimelineEntry(
        position=position,
        turn_id=turn.id,
        turnId=turn.id,
        status=turn.status,
        error=turn.error,
        started_at=turn.startedAt,
        startedAt=turn.startedAt,
        completed_at=turn.completedAt,
        completedAt=turn.completedAt,
        duration_ms=turn.durationMs,
        durationMs=turn.durationMs,
    )
