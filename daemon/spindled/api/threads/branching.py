"""thread/fork, thread/revert: other ways on from a turn that was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from spindled.agent.settings import either, given
from spindled.api.errors import handler
from spindled.api.reading.paging import page_cursors
from spindled.api.reading.reading import made
from spindled.api.reading.whole_history import EXCLUDE, discourage
from spindled.api.threads.ids import thread_id
from spindled.api.threads.known import refuse_ephemeral
from spindled.api.threads.loading import fork_thread, reload_thread
from spindled.api.threads.threads import prepare, servers_there, shown_settings
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.errors import ThreadArchived
from spindled.store.rollout.cut import Cut
from spindled_protocol.types import (
    NotLoadedThreadStatus,
    ThreadForkResponse,
    ThreadRevertedNotification,
    ThreadRevertResponse,
    ThreadStartedNotification,
    ThreadStatusChangedNotification,
)

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadForkParams, ThreadRevertParams


@handler
async def thread_fork(session: Session, params: ThreadForkParams) -> Then:
    if path := either(params.path, None):
        params.threadId = session.application.store.thread_at(Path(path))
    params.threadId = thread_id(params.threadId, "session")
    if given(params.beforeTurnId) and given(params.lastTurnId):
        raise RpcError(INVALID_REQUEST, "`beforeTurnId` cannot be combined with `lastTurnId`")
    cut = Cut(before_turn=either(params.beforeTurnId, None), last_turn=either(params.lastTurnId, None))
    if session.application.store.summary(params.threadId).archived:
        raise ThreadArchived(params.threadId)
    stored = await asyncio.to_thread(session.application.store.read, params.threadId, cut)
    turns = [] if either(params.excludeTurns, False) else await made(stored.turns)
    if turns:
        discourage(session, EXCLUDE)
    thread = await fork_thread(session, params, stored)
    await servers_there(session, thread)
    session.follow(thread)
    response = ThreadForkResponse(thread=thread.snapshot(turns), **shown_settings(thread))

    def announce() -> None:
        if not thread.identity.attached:  # beside its source, it is for the one who asked
            if turns and thread.usage.known:
                thread.show_usage(turns[-1].id)
            thread.events.followers.publish("thread/started", ThreadStartedNotification(thread=thread.snapshot()))
        prepare(session, thread)

    return Then(response, announce)


@handler
async def thread_revert(session: Session, params: ThreadRevertParams) -> Then:
    """A turn that runs is stopped first. Files that turns have changed stay as they are."""
    application, wanted = session.application, thread_id(params.threadId)
    refuse_ephemeral(application, wanted, "ephemeral threads do not support thread/revert")
    cut = Cut(before_turn=params.beforeTurnId)
    stored = await asyncio.to_thread(application.store.read, wanted, cut)  # before anything is stopped
    loaded = application.threads.find(wanted)
    if loaded is None:
        await asyncio.to_thread(application.store.revert, wanted, params.beforeTurnId)
        thread = application.store.summary(wanted).to_thread()
    else:
        thread = (await reverted(application, loaded, params.beforeTurnId)).snapshot()
    cursors = page_cursors(stored.turns)
    response = ThreadRevertResponse(
        thread=thread, turnsBackwardsCursor=cursors.turns, itemsBackwardsCursor=cursors.items
    )
    followers = application.followers(wanted)
    followers.add(session.connection)
    notice = ThreadRevertedNotification(threadId=wanted)
    return Then(response, lambda: followers.publish("thread/reverted", notice))


async def reverted(application: Application, thread: Thread, before_turn: str) -> Thread:
    """The thread, loaded anew without a turn and what followed; as it was if that fails."""
    await application.threads.unload(thread.id)
    status = ThreadStatusChangedNotification(threadId=thread.id, status=NotLoadedThreadStatus())
    thread.events.followers.publish("thread/status/changed", status)
    try:
        await asyncio.to_thread(application.store.revert, thread.id, before_turn)
    finally:
        stored = await asyncio.to_thread(application.store.read, thread.id)
        again = reload_thread(application, thread, stored)
        again.events.idle()
        again.servers.begin()
        again.servers.announce()
    return again
