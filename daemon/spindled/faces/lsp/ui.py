"""A client without an interface for agents, served through what every editor has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
from lsprotocol import types

from spindled.faces.lsp import transcripts
from spindled.faces.lsp.agent import Agent
from spindled.faces.lsp.progress import TurnProgress
from spindled.faces.lsp.prompts import Prompts
from spindled.faces.lsp.window import Window
from spindled_protocol.types import (
    AgentMessageThreadItem,
    ConfigWarningNotification,
    ErrorNotification,
    FileChangeThreadItem,
    ItemStartedNotification,
    Turn,
    TurnCompletedNotification,
    TurnStartedNotification,
    WarningNotification,
)

__all__ = ["StandardUi"]

MOST_TEXT = 800
"""Characters of an answer in a message box; the transcript has all of it."""

log = logging.getLogger(__name__)


class StandardUi:
    """`opens`: ids of turns whose answer is what the user asked for; their transcript is opened."""

    def __init__(self, window: Window, agent: Agent, home: str) -> None:
        self.opens: set[str] = set()
        self._window = window
        self._agent = agent
        self._folder = Path(home) / "transcripts"
        self._prompts = Prompts(window, self._described)
        self._turns: dict[str, TurnProgress] = {}
        self._patches: dict[str, FileChangeThreadItem] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # -- the wire's notifications and questions

    def show(self, method: str, params: msgspec.Raw) -> None:
        match method:
            case "turn/started":
                self._started(msgspec.json.decode(params, type=TurnStartedNotification))
            case "item/started":
                self._item(msgspec.json.decode(params, type=ItemStartedNotification))
            case "turn/completed":
                self._completed(msgspec.json.decode(params, type=TurnCompletedNotification))
            case "warning":
                self._window.log(
                    msgspec.json.decode(params, type=WarningNotification).message, types.MessageType.Warning
                )
            case "configWarning":
                warning = msgspec.json.decode(params, type=ConfigWarningNotification)
                self._window.warn(f"{warning.summary} {warning.details or ''}".strip())
            case "error":
                error = msgspec.json.decode(params, type=ErrorNotification)
                if error.willRetry:
                    self._window.log(error.error.message, types.MessageType.Warning)

    async def ask(self, method: str, params: Any) -> msgspec.Raw:
        return await self._prompts.ask(method, params)

    # -- what commands show

    async def open_thread(self, thread_id: str) -> Path:
        """Write the transcript and show it. Raises RpcError, OSError."""
        path = await self._write(thread_id)
        if not await self._window.open(path.as_uri()):
            self._window.show(f"The transcript: {path}")
        return path

    def close(self) -> None:
        for turn in self._turns.values():
            turn.close()
        for task in self._tasks:
            task.cancel()

    # -- turns

    def _started(self, told: TurnStartedNotification) -> None:
        async def interrupt() -> None:
            await self._agent.call("turn/interrupt", threadId=told.threadId, turnId=told.turn.id)

        self._turns[told.turn.id] = TurnProgress(self._window, interrupt)

    def _item(self, told: ItemStartedNotification) -> None:
        if isinstance(told.item, FileChangeThreadItem):
            self._patches[told.item.id] = told.item
        if turn := self._turns.get(told.turnId):
            turn.item(told.item)

    def _completed(self, told: TurnCompletedNotification) -> None:
        self._patches.clear()
        turn = told.turn
        if progress := self._turns.pop(turn.id, None):
            progress.end(turn)
        opens = turn.id in self.opens
        self.opens.discard(turn.id)
        if turn.error is not None:
            self._window.show(f"The agent failed: {turn.error.message}", types.MessageType.Error)
        self._soon(self._report(told.threadId, turn, opens))

    async def _report(self, thread_id: str, turn: Turn, opens: bool) -> None:
        path = await self._write(thread_id)
        final = next((item.text for item in reversed(turn.items) if isinstance(item, AgentMessageThreadItem)), "")
        if final:
            self._window.log(final)
        shown = opens and await self._window.open(path.as_uri(), take_focus=False)
        if not shown and final:
            text = final if len(final) <= MOST_TEXT else f"{final[:MOST_TEXT]}…\n{path}"
            self._window.show(text)

    async def _write(self, thread_id: str) -> Path:
        found = await self._agent.call("thread/read", threadId=thread_id, includeTurns=True)
        return await asyncio.to_thread(transcripts.write, self._folder, found.thread)

    def _described(self, item_id: str) -> str:
        patch = self._patches.get(item_id)
        return (
            "\n".join(f"{change.kind.__struct_config__.tag} {change.path}" for change in patch.changes) if patch else ""
        )

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:
                log.warning("the editor was not told how a turn ended: %s", error)

        task = asyncio.get_running_loop().create_task(run(), name="report")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
