"""thread/resume."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from spindled.agent.settings import either, given
from spindled.api.errors import handler
from spindled.api.reading.paging import initial_page, page_cursors
from spindled.api.reading.reading import stored_turns
from spindled.api.reading.whole_history import EXCLUDE, discourage
from spindled.api.shelf.shelving import shelved
from spindled.api.threads.budgets import given_budgets
from spindled.api.threads.ids import thread_id
from spindled.api.threads.loading import resume_thread, start_from_history
from spindled.api.threads.threads import prepare, servers_there, shown_settings
from spindled.api.turns.goals import show_goal
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.types import ThreadResumeResponse

if TYPE_CHECKING:
    from spindled.api.application import Application
    from spindled.api.followers.eventlog import EventLog
    from spindled.api.session import Session
    from spindled.store.replay.stored import StoredThread
    from spindled.store.replay.stored_turns import StoredTurns
    from spindled.store.threads import ThreadStore
    from spindled_protocol.types import ThreadResumeParams, Turn, TurnsPage


@handler
async def thread_resume(session: Session, params: ThreadResumeParams) -> Then:
    """`history` makes a new thread, `path` names one by its file; both come before the id."""
    application = session.application
    if given(params.history):
        return resume_history(session, params)
    if path := either(params.path, None):
        params.threadId = at_path(application, path, params.threadId)
    params.threadId = thread_id(params.threadId, "session")
    thread, stored = application.threads.find(params.threadId), None
    if thread is None:
        stored, shown = await asyncio.to_thread(read, application.store, params)
        thread = application.threads.find(params.threadId)  # another request may have been faster
    loaded = thread is not None
    with_turns = not either(params.excludeTurns, False)
    before: int | None = None
    if thread is None:
        assert stored is not None
        thread, turns = resume_thread(session, params, stored), stored.turns
        await servers_there(session, thread)
    else:
        before = application.followers(thread.id).log.last
        turns = await stored_turns(application, thread)
        shown = await asyncio.to_thread(Shown.of, turns, params)
        thread.give_budgets(given_budgets(params.budget))
    if shown.turns:
        discourage(session, EXCLUDE)
    if not loaded:
        thread.events.idle()
    cursors = page_cursors(turns)
    response = ThreadResumeResponse(
        thread=shelved(application.store.library, thread.snapshot(shown.turns)),
        collaborationMode=thread.settings.collaboration_mode,
        initialTurnsPage=shown.page,
        turnsBackwardsCursor=cursors.turns,
        itemsBackwardsCursor=cursors.items,
        **shown_settings(thread),
    )
    log = application.followers(thread.id).log
    last = log.last if before is None or session.follows(thread) else before
    start = Start(log, last, either(params.afterSeq, None))
    if session.connection.client.experimental:
        response.seq, response.replayComplete = start.seq, start.complete

    def announce() -> None:
        session.rejoin(thread, start.seq, knows=start.complete is True)
        if (with_turns or not loaded) and thread.usage.known and turns:
            thread.show_usage(turns.ids[-1])
        if thread.follow_ups is not None:
            if loaded:
                show_goal(session.connection, thread.id, thread.follow_ups.goal.current)
            else:
                thread.follow_ups.goal.show()
        prepare(session, thread)
        if not loaded:
            thread.turns.begin_next()

    return Then(response, announce)


class Shown(NamedTuple):
    """What a client wants to see of a thread's turns."""

    turns: list[Turn]
    page: TurnsPage | None

    @classmethod
    def of(cls, turns: StoredTurns, params: ThreadResumeParams) -> Self:
        """Slow, if it is much."""
        return cls(
            [] if either(params.excludeTurns, False) else list(turns), initial_page(turns, params.initialTurnsPage)
        )


def read(store: ThreadStore, params: ThreadResumeParams) -> tuple[StoredThread, Shown]:
    """Slow. Raises ThreadLookupError, StoreError."""
    stored = store.read(params.threadId)
    return stored, Shown.of(stored.turns, params)


class Start:
    """Which event the first one that follows the answer comes after.

    That is the last one that the client had, if all since then are still here; else the last one before the thread was
    read, so that nothing is lost that happens meanwhile.
    """

    def __init__(self, log: EventLog, read: int, had: int | None) -> None:
        self.complete = UNSET if had is None else log.has_all_since(had)
        self.seq = had if had is not None and self.complete else read


def at_path(application: Application, path: str, text: str) -> str:
    """The thread whose file a client names. Raises RpcError, RolloutPathError, StoreError."""
    loaded = next((thread for thread in application.threads if thread.id == text), None)
    if loaded is not None and loaded.identity.path != path:
        active = loaded.identity.path
        raise RpcError(
            INVALID_REQUEST,
            f"cannot resume running thread {text} with stale path: requested `{path}`, active `{active}`",
        )
    return loaded.id if loaded is not None else application.store.thread_at(Path(path))


def resume_history(session: Session, params: ThreadResumeParams) -> Then:
    """A new thread from what a client remembers of another. Raises RpcError, StoreError."""
    if session.application.threads.find(params.threadId) is not None:
        text = f"cannot resume thread {params.threadId} with history while it is already running"
        raise RpcError(INVALID_REQUEST, text)
    if not params.history:
        raise RpcError(INVALID_REQUEST, "history must not be empty")
    thread = start_from_history(session, params, msgspec.to_builtins(params.history))
    session.follow(thread)
    response = ThreadResumeResponse(
        thread=thread.snapshot(), collaborationMode=thread.settings.collaboration_mode, **shown_settings(thread)
    )

    def announce() -> None:
        thread.events.goal_cleared()
        prepare(session, thread)

    return Then(response, announce)
