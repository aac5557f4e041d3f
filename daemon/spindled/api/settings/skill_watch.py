"""The skills of the process, and the clients' notice when a file of one changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from spindled.config.skills.skills import SkillLibrary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from spindled.files.watch import Watcher

MOST_WATCHED = 200
"""Folders; changes in more are met when the skills are looked up again."""

log = logging.getLogger(__name__)


class Skills:
    """Watches nothing until a client has asked for skills. `changed` is called on the loop."""

    def __init__(self, changed: Callable[[], None]):
        self.library = SkillLibrary()
        self._changed = changed
        self._watcher: Watcher | None = None
        self._watched: set[Path] = set()
        self._told = False
        self._lock = asyncio.Lock()

    async def watch(self, folders: Iterable[Path]) -> None:
        """Tell of the next change in these folders, too."""
        async with self._lock:
            self._told = False
            new = [folder for folder in folders if folder not in self._watched]
            new = new[: max(0, MOST_WATCHED - len(self._watched))]
            if new:
                self._watched.update(new)
                await asyncio.to_thread(self._add, self._opened(), new)

    async def close(self) -> None:
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.close)

    def _opened(self) -> Watcher:
        if self._watcher is None:
            from spindled.files.watch import Watcher

            loop = asyncio.get_running_loop()

            def changed(watch_id: str, paths: list[str]) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(self._tell)

            self._watcher = Watcher(changed)
        return self._watcher

    def _add(self, watcher: Watcher, folders: Iterable[Path]) -> None:
        for folder in folders:
            try:
                watcher.add(str(folder), folder)
            except (OSError, KeyError) as error:
                log.warning("changes of skills in %s are not told: %s", folder, error)

    def _tell(self) -> None:
        """Once: clients then ask again."""
        if not self._told:
            self._told = True
            self._changed()
