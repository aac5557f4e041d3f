"""A thread's durable record: every fact is written before it is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from spindled.store.errors import StoreError
from spindled.store.replay import values
from spindled.store.rollout import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from spindled.agent.settings import ThreadSettings
    from spindled.store.rollout.rows import Row
    from spindled_protocol.types import AgentMessageThreadItem, ThreadItem, ThreadTokenUsage, Turn

    class Journal(Protocol):
        """Where rows go; raises StoreError and keeps what it could not write for the next call."""

        def append(self, new: Sequence[Row]) -> None: ...

        def close(self) -> None: ...


log = logging.getLogger(__name__)


class Record:
    """Writes one thread's rows. A full disk does not stop a turn: it is told once, and the rows wait their turn."""

    def __init__(self, thread_id: str, journal: Journal | None, warn: Callable[[str], None]):
        self.thread_id = thread_id
        self.journal = journal
        self.warn = warn
        self.failing = False

    def flush(self) -> None:
        """Write what could not be written before; raises StoreError."""
        if self.journal is not None and self.failing:
            self.journal.append([])
            self.failing = False

    def begin(self) -> None:
        """Put the thread on disk, if nothing of it is there yet; raises StoreError."""
        if self.journal is not None:
            self.journal.append([])

    def close(self) -> None:
        """Write what is left and let other writers have the thread."""
        if self.journal is not None:
            try:
                self.journal.close()
            except StoreError as error:
                log.error("thread %s: %s", self.thread_id, error)

    def items(self, new: Sequence[dict[str, Any]]) -> None:
        self._write([rows.response_item(item) for item in new])

    def compacted(self, message: str, replacement: Sequence[dict[str, Any]]) -> None:
        """From here on the history is `replacement` and what follows."""
        self._write([rows.compacted(message, list(replacement))])

    def item_completed(self, turn_id: str, item: ThreadItem) -> None:
        self._write([rows.item_completed(self.thread_id, turn_id, item)])

    def turn_started(self, turn: Turn, settings: ThreadSettings, context_window: int | None) -> None:
        started = rows.task_started(
            turn.id, turn.rootTurnId, turn.startedAt or 0, context_window, settings.mode or "default"
        )
        self._write([started, rows.turn_context(turn_context(turn.id, settings))])

    def settings(self, settings: ThreadSettings) -> None:
        """How turns will run from here on."""
        self._write([rows.turn_context(turn_context("", settings))])

    def usage(self, usage: ThreadTokenUsage) -> None:
        window = usage.modelContextWindow
        self._write([rows.token_count(values.token_usage(usage.total), values.token_usage(usage.last), window)])

    def spending(self, so_far: rows.Spending) -> None:
        self._write([rows.spending(so_far)])

    def goal(self, objective: str) -> None:
        """What a turn that nobody asked for works towards."""
        self._write([rows.goal(objective)])

    def turn_ended(self, turn: Turn, final: AgentMessageThreadItem | None) -> None:
        started, completed, lasted = turn.startedAt or 0, turn.completedAt or 0, turn.durationMs or 0
        if turn.status == "interrupted":
            row = rows.turn_aborted(turn.id, started, completed, lasted)
        else:
            failure = values.failure(turn.error) if turn.error else None
            last = final.text if final is not None else None
            row = rows.task_complete(turn.id, last, started, completed, lasted, failure)
        self._write([row])

    def _write(self, new: Sequence[Row]) -> None:
        if self.journal is None:
            return
        try:
            self.journal.append(new)
            self.failing = False
        except StoreError as error:
            log.error("thread %s: %s", self.thread_id, error)
            if not self.failing:
                self.failing = True
                self.warn(
                    f"This thread is not being saved: {error}. What is missing is kept and written once it can be."
                )


def turn_context(turn_id: str, settings: ThreadSettings) -> rows.TurnContext:
    return rows.TurnContext(
        turn_id=turn_id,
        cwd=str(settings.cwd),
        approval_policy=values.approval_policy(settings.approval_policy),
        sandbox_policy=values.sandbox_policy(settings.sandbox_policy),
        model=settings.model,
        effort=settings.effort,
        summary=settings.summary,
        service_tier=settings.service_tier,
        personality=settings.personality,
        collaboration_mode=mode_row(settings) if settings.mode else None,
    )


def mode_row(settings: ThreadSettings) -> rows.CollaborationMode:
    """Without our own instructions: they are those of whoever resumes the thread."""
    kept = rows.CollaborationSettings(
        model=settings.model, reasoning_effort=settings.effort, developer_instructions=settings.mode_instructions
    )
    return rows.CollaborationMode(mode=settings.mode or "default", settings=kept)
