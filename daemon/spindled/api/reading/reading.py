"""Threads as they are stored, seen together with what is loaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from spindled.agent.settings_shown import environments
from spindled.store.errors import ThreadLookupError
from spindled.store.replay.stored_turns import StoredTurns

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled_protocol.types import Thread as WireThread
    from spindled_protocol.types import Turn


def as_loaded(application: Application, thread: WireThread) -> None:
    """Fill in what is only known of a thread that is loaded: how it stands, and where it works."""
    loaded = application.threads.find(thread.id)
    if loaded is not None:
        thread.status = loaded.events.status
        thread.environments = environments(loaded.settings)


async def stored_turns(application: Application, thread: Thread) -> StoredTurns:
    """The turns of a loaded thread, with the one that runs shown as running. None are stored before the first."""
    try:
        turns = await asyncio.to_thread(application.store.turns, thread.id)
    except ThreadLookupError:
        return StoredTurns()
    running = thread.turns.active
    return turns if running is None else turns.with_running(running.id)


async def turns_of(application: Application, thread_id: str) -> StoredTurns:
    """The turns of any thread; raises ThreadLookupError."""
    thread = application.threads.find(thread_id)
    if thread is not None:
        return await stored_turns(application, thread)
    return await asyncio.to_thread(application.store.turns, thread_id)


async def made(turns: StoredTurns) -> list[Turn]:
    """All of them, without holding up the loop."""
    return await asyncio.to_thread(list, turns)
