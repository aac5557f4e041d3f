"""fuzzyFileSearch, once or as a session. A client's searches end with its connection."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.host.search_session import LIMIT, SearchSession, read, results
from spindled.files.index import Index
from spindled.files.kept import SECONDS, Kept
from spindled.files.operations import Refused
from spindled.files.walk import Folders
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    FuzzyFileSearchResponse,
    FuzzyFileSearchSessionStartResponse,
    FuzzyFileSearchSessionStopResponse,
    FuzzyFileSearchSessionUpdateResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.files.index import Found
    from spindled.rpc.connection import Connection
    from spindled_protocol.types import (
        FuzzyFileSearchParams,
        FuzzyFileSearchSessionStartParams,
        FuzzyFileSearchSessionStopParams,
        FuzzyFileSearchSessionUpdateParams,
    )

WALKERS = 2
"""Walks through folders that one client has at a time; more of them wait."""
MAX_SESSIONS = 16


class Searches:
    """A connection's searches."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._walkers = ThreadPoolExecutor(WALKERS, thread_name_prefix="file search")
        self._sessions: dict[str, SearchSession] = {}
        self._once: dict[str, Event] = {}
        self._stops: set[Event] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._kept = Kept()
        self._forgetting: asyncio.TimerHandle | None = None

    async def once(self, query: str, folders: Folders, token: str | None) -> list[Found]:
        """What a search finds; nothing if a later one with the same token takes its place."""
        stop, loop = Event(), asyncio.get_running_loop()
        if token is not None:
            self._once.pop(token, stop).set()
            stop = self._once[token] = Event()
        self._stops.add(stop)
        try:
            return await loop.run_in_executor(self._walkers, search, query, folders, stop, self._kept)
        finally:
            stop.set()
            self._forget_in(loop)
            self._stops.discard(stop)
            if token is not None and self._once.get(token) is stop:
                del self._once[token]

    def _forget_in(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = loop.call_later(SECONDS, self._kept.forget)

    def start(self, session_id: str, folders: Folders) -> None:
        """A session of this id that is there ends. Raises RpcError."""
        if session_id not in self._sessions and len(self._sessions) >= MAX_SESSIONS:
            raise RpcError(INVALID_REQUEST, f"more than {MAX_SESSIONS} fuzzy file search sessions")
        self.stop(session_id)
        self._sessions[session_id] = SearchSession(session_id, folders, self._connection, self._walkers)

    def session(self, session_id: str) -> SearchSession:
        """Raises RpcError."""
        session = self._sessions.get(session_id)
        if session is None:
            raise RpcError(INVALID_REQUEST, f"fuzzy file search session not found: {session_id}")
        return session

    def stop(self, session_id: str) -> None:
        """Nothing if there is no such session."""
        session = self._sessions.pop(session_id, None)
        if session is not None:
            ending = asyncio.get_running_loop().create_task(session.close(), name="end of a file search")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        for stop in self._stops:
            stop.set()
        for session_id in list(self._sessions):
            self.stop(session_id)
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._walkers.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(*self._ending)


def search(query: str, folders: Folders, stop: Event, kept: Kept) -> list[Found]:
    """Slow. Walk, unless what was walked last still stands, and search, in a thread."""
    index = kept.find(folders)
    if index is None:
        index, begun_ns = Index(), time.time_ns()
        if read(index, folders, stop):
            kept.keep(folders, index, begun_ns)
    return [] if stop.is_set() else index.search(query, LIMIT)


def allowed_folders(session: Session, roots: list[str]) -> Folders:
    """Raises RpcError, ConfigError."""
    allowed = session.application.roots
    for root in roots:
        try:
            allowed.require(Path(os.path.abspath(root)))
        except Refused as error:
            raise RpcError(INVALID_REQUEST, str(error)) from None
    return Folders(roots, links=not allowed.limited)


@handler
async def fuzzy_file_search(session: Session, params: FuzzyFileSearchParams) -> FuzzyFileSearchResponse:
    folders = allowed_folders(session, params.roots)
    found = await session.kept(Searches).once(params.query, folders, params.cancellationToken)
    return FuzzyFileSearchResponse(files=results(found))


@handler
def session_start(session: Session, params: FuzzyFileSearchSessionStartParams) -> FuzzyFileSearchSessionStartResponse:
    if not params.sessionId:
        raise RpcError(INVALID_REQUEST, "sessionId must not be empty")
    if not params.roots:
        reason = "failed to start fuzzy file search session: at least one search directory is required"
        raise RpcError(INTERNAL_ERROR, reason)
    session.kept(Searches).start(params.sessionId, allowed_folders(session, params.roots))
    return FuzzyFileSearchSessionStartResponse()


@handler
def session_update(
    session: Session, params: FuzzyFileSearchSessionUpdateParams
) -> FuzzyFileSearchSessionUpdateResponse:
    session.kept(Searches).session(params.sessionId).update(params.query)
    return FuzzyFileSearchSessionUpdateResponse()


@handler
def session_stop(session: Session, params: FuzzyFileSearchSessionStopParams) -> FuzzyFileSearchSessionStopResponse:
    session.kept(Searches).stop(params.sessionId)
    return FuzzyFileSearchSessionStopResponse()
