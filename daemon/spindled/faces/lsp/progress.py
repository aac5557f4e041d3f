"""Turns as progress that an editor shows; its cancel button interrupts the turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from spindled_protocol.types import (
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    ContextCompactionThreadItem,
    FileChangeThreadItem,
    ReasoningThreadItem,
    ThreadItem,
    Turn,
)

__all__ = ["ProgressWindow", "TurnProgress"]

TITLE = "Agent"
ENDS = {"completed": "done", "interrupted": "interrupted", "failed": "failed"}
MOST_TEXT = 120

log = logging.getLogger(__name__)


class ProgressWindow(Protocol):
    async def begin_progress(self, title: str, message: str) -> str | None:
        """A token, None if nothing is shown."""

    def on_cancel(self, token: str, cancel: Callable[[], None]) -> None:
        """Have the user's cancel call this."""

    def report_progress(self, token: str, message: str) -> None: ...

    def end_progress(self, token: str, message: str) -> None: ...


class TurnProgress:
    """One turn's. `item` and `end` may be called before the editor has answered that it shows progress."""

    def __init__(self, window: ProgressWindow, interrupt: Callable[[], Awaitable[None]]) -> None:
        self._window = window
        self._interrupt = interrupt
        self._interrupting: asyncio.Task[None] | None = None
        self._token: str | None = None
        self._message = "thinking"
        self._ended: str | None = None
        self._begin = asyncio.get_running_loop().create_task(self._open(), name="progress")

    def item(self, item: ThreadItem) -> None:
        text = doing(item)
        if text and text != self._message:
            self._message = text
            if self._token is not None:
                self._window.report_progress(self._token, text)

    def end(self, turn: Turn) -> None:
        self._ended = ENDS.get(turn.status, "done")
        if self._token is not None:
            self._window.end_progress(self._token, self._ended)

    def close(self) -> None:
        self._begin.cancel()
        if self._interrupting is not None:
            self._interrupting.cancel()

    async def _open(self) -> None:
        token = await self._window.begin_progress(TITLE, self._message)
        if token is None:
            return None
        if self._ended is not None:
            return self._window.end_progress(token, self._ended)
        self._token = token
        self._window.on_cancel(token, self._cancelled)
        return self._window.report_progress(token, self._message)

    def _cancelled(self) -> None:
        async def interrupt() -> None:
            try:
                await self._interrupt()
            except Exception as error:  # it has ended meanwhile
                log.info("not interrupted: %s", error)

        if self._ended is None:
            self._interrupting = asyncio.get_running_loop().create_task(interrupt(), name="interrupt")


def doing(item: ThreadItem) -> str:
    """What a turn does while this item is in progress, in few words."""
    match item:
        case CommandExecutionThreadItem():
            return f"running {item.command}"[:MOST_TEXT]
        case FileChangeThreadItem():
            return f"editing {', '.join(change.path.rsplit('/', 1)[-1] for change in item.changes)}"[:MOST_TEXT]
        case ContextCompactionThreadItem():
            return "making room in the conversation"
        case ReasoningThreadItem():
            return "thinking"
        case AgentMessageThreadItem():
            return "writing"
    return ""
