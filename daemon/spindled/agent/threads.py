"""The threads that are loaded: started, resumed, and put away again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spindled.agent.thread import Thread


class ThreadNotLoaded(LookupError):
    """A request for a thread that is not loaded."""

    def __init__(self, thread_id: str):
        super().__init__(f"thread not found: {thread_id}")


class Threads:
    """Loaded threads by id, in the order of their loading."""

    def __init__(self) -> None:
        self._loaded: dict[str, Thread] = {}

    def __iter__(self) -> Iterator[Thread]:
        return iter(tuple(self._loaded.values()))

    def add(self, thread: Thread) -> Thread:
        self._loaded[thread.id] = thread
        return thread

    def get(self, thread_id: str) -> Thread:
        """Raises ThreadNotLoaded."""
        thread = self._loaded.get(thread_id)
        if thread is None:
            raise ThreadNotLoaded(thread_id)
        return thread

    def find(self, thread_id: str) -> Thread | None:
        return self._loaded.get(thread_id)

    async def unload(self, thread_id: str) -> Thread | None:
        """Stop a thread's turn and forget it; None if it was not loaded."""
        thread = self._loaded.get(thread_id)
        if thread is not None:
            await thread.close()
            self._loaded.pop(thread_id, None)
        return thread

    async def close(self) -> None:
        """Stop every turn, all at once."""
        await asyncio.gather(*(self.unload(thread_id) for thread_id in tuple(self._loaded)), return_exceptions=True)
