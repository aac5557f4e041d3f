"""fs/watch, fs/unwatch and fs/changed. A watch belongs to the connection that asked for it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.host.files import allowed_path, working
from spindled.files.watch import Watcher
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import FsChangedNotification, FsUnwatchResponse, FsWatchResponse

if TYPE_CHECKING:
    from pathlib import Path

    from spindled.api.session import Session
    from spindled.rpc.connection import Connection
    from spindled_protocol.types import FsUnwatchParams, FsWatchParams


class Watches:
    """A connection's watches by id."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._watcher = Watcher(self._changed_in_thread)
        self._ids: set[str] = set()

    async def add(self, watch_id: str, path: Path) -> None:
        if watch_id in self._ids:
            raise RpcError(INVALID_REQUEST, f"watchId already exists: {watch_id}")
        self._ids.add(watch_id)
        try:
            await working(self._watcher.add, watch_id, path)
        except BaseException:
            self._ids.discard(watch_id)
            raise

    async def remove(self, watch_id: str) -> None:
        self._ids.discard(watch_id)
        await working(self._watcher.remove, watch_id)

    async def close(self) -> None:
        self._ids.clear()
        await asyncio.to_thread(self._watcher.close)

    def _changed_in_thread(self, watch_id: str, paths: list[str]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._changed, watch_id, paths)

    def _changed(self, watch_id: str, paths: list[str]) -> None:
        if watch_id in self._ids:
            self._connection.notify("fs/changed", FsChangedNotification(watchId=watch_id, changedPaths=paths))


@handler
async def fs_watch(session: Session, params: FsWatchParams) -> FsWatchResponse:
    path = await allowed_path(session, params.path)
    await session.kept(Watches).add(params.watchId, path)
    return FsWatchResponse(path=str(path))


@handler
async def fs_unwatch(session: Session, params: FsUnwatchParams) -> FsUnwatchResponse:
    await session.kept(Watches).remove(params.watchId)
    return FsUnwatchResponse()
