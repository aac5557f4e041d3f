"""A search that goes on while the user types: the folders are walked once, each query is answered as they are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import Executor
from threading import Event
from typing import TYPE_CHECKING, Any

from spindled.files.index import Index
from spindled.files.walk import Folders, walk
from spindled_protocol.types import (
    FuzzyFileSearchResult,
    FuzzyFileSearchSessionCompletedNotification,
    FuzzyFileSearchSessionUpdatedNotification,
)

if TYPE_CHECKING:
    from spindled.files.index import Found
    from spindled.rpc.connection import Connection

log = logging.getLogger(__name__)

LIMIT = 50
"""Results of one query."""
PAUSE = 0.1  # seconds to wait for a first query, and between two looks at a walk that goes on


class SearchSession:
    """Tells its client the results of the newest query, again when they change, and when they are complete."""

    def __init__(self, session_id: str, folders: Folders, connection: Connection, walkers: Executor):
        self._id = session_id
        self._connection = connection
        self._index = Index()
        self._stop = Event()
        self._query = ""
        self._revision = 0
        self._updated = asyncio.Event()
        self._walking = asyncio.get_running_loop().run_in_executor(walkers, read, self._index, folders, self._stop)
        self._answering = asyncio.get_running_loop().create_task(self._answer(), name="file search")

    def update(self, query: str) -> None:
        self._query = query
        self._revision += 1
        self._updated.set()

    async def close(self) -> None:
        """The walk ends by itself soon after."""
        self._stop.set()
        self._answering.cancel()
        await asyncio.wait([self._answering])

    async def _answer(self) -> None:
        told: tuple[int, list[Found]] | None = None
        with contextlib.suppress(TimeoutError):  # there is nothing to show before the first query
            await asyncio.wait_for(self._updated.wait(), PAUSE)
        while True:
            self._updated.clear()
            revision, query, complete = self._revision, self._query, self._walking.done()
            found = await asyncio.to_thread(self._index.search, query, LIMIT)
            await self._connection.wait_writable()
            if revision == self._revision:
                if (revision, found) != told:
                    told = (revision, found)
                    self._tell(query, found)
                if complete:
                    self._completed()
            await self._news(complete)

    async def _news(self, complete: bool) -> None:
        """Return when there is another query, or may be more to find."""
        updated = asyncio.ensure_future(self._updated.wait())
        try:
            if complete:
                await updated
            else:
                news: list[asyncio.Future[Any]] = [updated, self._walking]
                await asyncio.wait(news, timeout=PAUSE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            updated.cancel()

    def _tell(self, query: str, found: list[Found]) -> None:
        self._connection.notify(
            "fuzzyFileSearch/sessionUpdated",
            FuzzyFileSearchSessionUpdatedNotification(sessionId=self._id, query=query, files=results(found)),
        )

    def _completed(self) -> None:
        self._connection.notify(
            "fuzzyFileSearch/sessionCompleted", FuzzyFileSearchSessionCompletedNotification(sessionId=self._id)
        )


def read(index: Index, folders: Folders, stop: Event) -> bool:
    """Slow. Walk the folders into the index; whether it has all that is there."""
    try:
        for batch in walk(folders.roots, stop, links=folders.links):
            index.extend(batch)
    except Exception:
        log.exception("a file search does not see all files")
        return False
    return not stop.is_set()


def results(found: list[Found]) -> list[FuzzyFileSearchResult]:
    return [
        FuzzyFileSearchResult(
            root=entry.root,
            path=entry.path,
            match_type="directory" if entry.is_directory else "file",
            file_name=entry.path.rpartition("/")[2],
            score=score,
            indices=indices,
        )
        for entry, score, indices in found
    ]
