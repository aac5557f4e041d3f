"""When a daemon that was started for somebody is needed no more."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Protocol

__all__ = ["Worker", "until_idle"]


class Worker(Protocol):
    @property
    def busy(self) -> bool:
        """Whether something runs that somebody waits for."""


async def until_idle(clients: Collection[object], worker: Worker, seconds: float) -> None:
    """Until, looked at once in `seconds`, no client was there and nothing ran, twice in a row."""
    idle = False
    while True:
        await asyncio.sleep(seconds)
        was_idle, idle = idle, not clients and not worker.busy
        if was_idle and idle:
            return
