"""Threads as they are stored, seen together with what is loaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from spindled.store.errors import ThreadLookupError

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled_protocol.types import Turn


async def stored_turns(application: Application, thread: Thread) -> list[Turn]:
    """The turns of a loaded thread, with the one that runs shown as running. None are stored before the first.

    They are shared with other readers: replaced, never changed.
    """
    try:
        turns = list(await asyncio.to_thread(application.store.turns, thread.id))
    except ThreadLookupError:
        return []
    running = thread.turns.active
    for place, turn in enumerate(turns):
        if running is not None and turn.id == running.id and turn.status == "interrupted":
            turns[place] = replace(turn, status="inProgress", completedAt=None, durationMs=None)
    return turns


async def turns_of(application: Application, thread_id: str) -> list[Turn]:
    """The turns of any thread, shared with other readers; raises ThreadLookupError."""
    thread = application.threads.find(thread_id)
    if thread is not None:
        return await stored_turns(application, thread)
    return list(await asyncio.to_thread(application.store.turns, thread_id))
