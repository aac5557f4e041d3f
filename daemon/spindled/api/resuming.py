"""thread/resume."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.budgets import given_budgets
from spindled.api.errors import handler
from spindled.api.ids import thread_id
from spindled.api.loading import resume_thread
from spindled.api.paging import page_cursors
from spindled.api.reading import stored_turns
from spindled.api.shelving import shelved
from spindled.api.threads import prepare, servers_there, shown_settings
from spindled.rpc.connection import Then
from spindled_protocol.base import UNSET
from spindled_protocol.types import ThreadResumeResponse

if TYPE_CHECKING:
    from spindled.api.eventlog import EventLog
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadResumeParams


@handler
async def thread_resume(session: Session, params: ThreadResumeParams) -> Then:
    params.threadId = thread_id(params.threadId, "session")
    application = session.application
    thread, stored = application.threads.find(params.threadId), None
    if thread is None:
        stored = await asyncio.to_thread(application.store.read, params.threadId)
        thread = application.threads.find(params.threadId)  # another request may have been faster
    loaded = thread is not None
    before: int | None = None
    if thread is None:
        assert stored is not None
        thread, turns = resume_thread(session, params, stored), stored.turns
        await servers_there(session, thread)
    else:
        before = application.followers(thread.id).log.last
        turns = await stored_turns(application, thread)
        thread.give_budgets(given_budgets(params.budget))
    if not loaded:
        thread.events.idle()
    cursors = page_cursors(turns)
    shown = [] if either(params.excludeTurns, False) else turns
    response = ThreadResumeResponse(
        thread=shelved(application.store.library, thread.snapshot(shown)),
        collaborationMode=thread.settings.collaboration_mode,
        turnsBackwardsCursor=cursors.turns,
        itemsBackwardsCursor=cursors.items,
        **shown_settings(thread),
    )
    log = application.followers(thread.id).log
    start = Start(log, log.last if before is None else before, either(params.afterSeq, None))
    if session.connection.client.experimental:
        response.seq, response.replayComplete = start.seq, start.complete

    def announce() -> None:
        session.rejoin(thread, start.seq)
        if not loaded and thread.usage.known and turns:
            thread.show_usage(turns[-1].id)
        if thread.follow_ups is not None:
            thread.follow_ups.goal.show()
        prepare(session, thread)
        if not loaded:
            thread.begin_next()

    return Then(response, announce)


class Start:
    """Which event the first one that follows the answer comes after.

    That is the last one that the client had, if all since then are still here; else the last one before the thread was
    read, so that nothing is lost that happens meanwhile.
    """

    def __init__(self, log: EventLog, read: int, had: int | None) -> None:
        self.complete = UNSET if had is None else log.has_all_since(had)
        self.seq = had if had is not None and self.complete else read
