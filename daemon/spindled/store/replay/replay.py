"""Rows -> what a thread was: its turns, the model's history, usage and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Raw

from spindled.store.errors import DAMAGE
from spindled.store.replay import legacy, values
from spindled.store.replay.previews import preview_of
from spindled.store.replay.stored import StoredThread
from spindled.store.replay.stored_turns import StoredItem, StoredTurn, StoredTurns
from spindled.store.rollout import rows
from spindled.store.rollout.payloads import Event, Goal, SessionMeta
from spindled.store.rollout.scan import Record
from spindled_protocol.types import Turn


class _Name(msgspec.Struct, gc=False):
    """Of an item."""

    type: str
    id: str


_decode_event = msgspec.json.Decoder(Event).decode
_decode_name = msgspec.json.Decoder(_Name).decode
_decode_meta = msgspec.json.Decoder(SessionMeta).decode


class Replay:
    """Feed rows in order; `finish()` gives the thread. Raises nothing for what is in the rows."""

    def __init__(self, meta: SessionMeta) -> None:
        self._thread = StoredThread(meta)
        self._turns: dict[str, _OpenTurn] = {}
        self._asked = ""
        self._legacy = legacy.Messages() if meta.history_mode != "paginated" else None
        self._kinds: dict[str, Callable[[Raw], None]] = {
            "response_item": self._history_item if self._legacy else self._thread.history.add,
            "event_msg": self._event_row,
            "turn_context": self._context,
            "compacted": self._thread.history.restart,
            rows.SPENDING: self._spending,
            rows.GOAL: self._goal,
        }

    def feed(self, records: Iterable[Record]) -> list[Record]:
        """Those that are damaged."""
        damaged, updated_at, count = list[Record](), "", 0
        handler = self._kinds.get
        for record in records:
            count += 1
            updated_at = record.timestamp or updated_at
            take = handler(record.type)
            if take is not None:
                try:
                    take(record.payload)
                except DAMAGE:
                    damaged.append(record)
        self._thread.rows += count
        self._thread.updated_at = updated_at or self._thread.updated_at
        return damaged

    @property
    def head_is_complete(self) -> bool:
        """Whether the first user message and a turn's settings have been seen."""
        return self._thread.last_context is not None and bool(self._asked)

    def finish(self) -> StoredThread:
        thread = self._thread
        thread.turns = StoredTurns(turn.closed() for turn in self._turns.values())
        if self._legacy and not any(turn.items for turn in thread.turns):
            self._take_messages(self._legacy.turns())
        thread.preview = self._asked or thread.preview
        return thread

    def _take_messages(self, turns: list[Turn]) -> None:
        if turns:
            self._thread.turns = StoredTurns(map(StoredTurn, turns))
            self._asked = next((text for turn in turns for text in map(preview_of, turn.items) if text), "")

    def _history_item(self, payload: Raw) -> None:
        self._thread.history.add(payload)
        if self._legacy:
            self._legacy.response_item(payload)

    def _context(self, payload: Raw) -> None:
        self._thread.last_context = payload

    def _spending(self, payload: Raw) -> None:
        self._thread.last_spending = payload
        self._thread.turns_since = 0

    def _goal(self, payload: Raw) -> None:
        self._thread.preview = self._thread.preview or msgspec.json.decode(payload, type=Goal).objective

    def _event_row(self, payload: Raw) -> None:
        event = _decode_event(payload)
        match event.type:
            case "item_completed":
                self._item(event)
            case "token_count":
                if event.info != b"null":
                    self._thread.last_usage = event.info
            case "task_started" | "turn_started":
                turn = self._turn(event.turn_id)
                turn.wire.rootTurnId = event.root_turn_id or turn.wire.id
                turn.wire.startedAt = event.started_at
                turn.ended = False
                turn.placed = True
                self._thread.turns_since += 1
            case "task_complete" | "turn_complete":
                self._end(event, "failed" if event.error else "completed")
            case "turn_aborted":
                self._end(event, "interrupted")
            case _:
                pass
        if self._legacy:
            self._legacy.event(event)

    def _item(self, event: Event) -> None:
        name = _decode_name(event.item)
        item = StoredItem(event.item, event.started_at_ms, event.completed_at_ms)
        if not self._asked and name.type == "UserMessage":
            self._asked = preview_of(item.read())
        self._turn(event.turn_id).stored.rows[name.id] = item

    def _end(self, event: Event, status: Any) -> None:
        turn = self._turn(event.turn_id)
        if not turn.placed:  # without a start, a turn stands where it ended
            self._turns[turn.wire.id] = self._turns.pop(turn.wire.id)
        wire = turn.wire
        turn.ended = turn.placed = True
        wire.status = status
        wire.error = None if event.error is None else values.failure_to_wire(event.error)
        wire.startedAt = event.started_at if event.started_at is not None else wire.startedAt
        wire.completedAt = event.completed_at
        wire.durationMs = event.duration_ms

    def _turn(self, turn_id: str | None) -> _OpenTurn:
        key = turn_id or next(reversed(self._turns), "")
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = _OpenTurn(key)
        return turn


class _OpenTurn:
    __slots__ = ("ended", "placed", "stored", "wire")

    def __init__(self, turn_id: str) -> None:
        self.wire = Turn(id=turn_id, rootTurnId=turn_id, items=[], itemsView="full", status="completed")
        self.stored = StoredTurn(self.wire)
        self.placed = False
        self.ended = True  # until task_started says otherwise: items alone are a turn that is over

    def closed(self) -> StoredTurn:
        if not self.ended:
            self.wire.status = "interrupted"
        return self.stored


def decode_meta(record: Record) -> SessionMeta | None:
    """The payload of a `session_meta` row; None if it is another row or damaged."""
    if record.type != "session_meta":
        return None
    try:
        return _decode_meta(record.payload)
    except DAMAGE:
        return None


def started_turn(record: Record) -> str | None:
    """The turn that starts with this row."""
    if record.type != "event_msg":
        return None
    try:
        event = _decode_event(record.payload)
    except DAMAGE:
        return None
    return event.turn_id if event.type in ("task_started", "turn_started") else None
