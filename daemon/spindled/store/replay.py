"""Rows -> what a thread was: its turns and items as the wire has them, the model's history, usage and settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Raw

from spindled.store import items, legacy, rows, values
from spindled.store.payloads import (
    Compacted,
    Event,
    Goal,
    SessionMeta,
    Spending,
    TokenUsage,
    TokenUsageInfo,
    TurnContext,
)
from spindled.store.scan import Record
from spindled_protocol.types import ImageUserInput, LocalImageUserInput, ThreadTokenUsage, Turn

# Of the reference's own bookkeeping; no provider takes it.
_NOT_FOR_THE_MODEL = "internal_chat_message_metadata_passthrough"

_decode_event = msgspec.json.Decoder(Event).decode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode
_decode_meta = msgspec.json.Decoder(SessionMeta).decode
_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class StoredThread:
    """A thread read from its rollout. `history`, `usage` and `context` are decoded when first asked for."""

    def __init__(self, meta: SessionMeta) -> None:
        self.meta = meta
        self.turns: list[Turn] = []
        """As thread/read gives them with includeTurns; a turn that never ended is "interrupted"."""
        self.preview = ""
        """The first user message."""
        self.updated_at = ""
        """Timestamp of the last row."""
        self.rows = 0
        """How many were read, damaged ones included."""
        self.warnings: list[str] = []
        self._base: Raw | None = None
        self._history: list[Raw] = []
        self._context: Raw | None = None
        self._usage: Raw | None = None
        self._spending: Raw | None = None
        self._turns_since = 0

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """Responses items for the model, as stored since the last compaction; calls may lack outputs after a crash."""
        found = list(self._replacement())
        for payload in self._history:
            try:
                found.append(_decode_fields(payload))
            except _DAMAGE:
                self.warnings.append("a damaged history item was skipped")
        for item in found:
            item.pop(_NOT_FOR_THE_MODEL, None)
        return found

    @cached_property
    def usage(self) -> ThreadTokenUsage | None:
        if self._usage is None:
            return None
        try:
            info = msgspec.json.decode(self._usage, type=TokenUsageInfo)
        except _DAMAGE:
            return None
        return ThreadTokenUsage(
            total=values.token_usage_to_wire(info.total_token_usage),
            last=values.token_usage_to_wire(info.last_token_usage),
            modelContextWindow=info.model_context_window,
        )

    @cached_property
    def spending(self) -> Spending:
        """What the thread has used, as far as rows tell: of what another server did, its turns and tokens."""
        try:
            found = msgspec.json.decode(self._spending, type=Spending) if self._spending else Spending()
        except _DAMAGE:
            self.warnings.append("a damaged account of what was used was skipped")
            found = Spending()
        found.turns += self._turns_since
        if self.usage is not None:
            model = self.context.model if self.context else ""
            add_rest(found.tokens, model, values.token_usage(self.usage.total))
        return found

    @cached_property
    def context(self) -> TurnContext | None:
        """The settings of the last turn."""
        try:
            return msgspec.json.decode(self._context, type=TurnContext) if self._context else None
        except _DAMAGE:
            return None

    def _replacement(self) -> list[dict[str, Any]]:
        try:
            base = msgspec.json.decode(self._base, type=Compacted) if self._base else None
        except _DAMAGE:
            self.warnings.append("a damaged compaction was skipped")
            return []
        if base is None:
            return []
        if base.replacement_history is None:  # older rollouts keep the summary alone
            summary = {"type": "input_text", "text": base.message}
            return [{"type": "message", "role": "user", "content": [summary]}]
        return base.replacement_history


class Replay:
    """Feed rows in order with `add`; `finish()` gives the thread. Raises nothing for what is in the rows."""

    def __init__(self, meta: SessionMeta) -> None:
        self._thread = StoredThread(meta)
        self._turns: dict[str, _OpenTurn] = {}
        self._legacy = legacy.Messages() if meta.history_mode != "paginated" else None

    def add(self, record: Record) -> bool:
        """False if the row is damaged."""
        thread = self._thread
        thread.rows += 1
        thread.updated_at = record.timestamp or thread.updated_at
        match record.type:
            case "response_item":
                thread._history.append(record.payload)
                if self._legacy:
                    self._legacy.response_item(record.payload)
            case "event_msg":
                try:
                    self._event(_decode_event(record.payload))
                except _DAMAGE:
                    return False
            case "turn_context":
                thread._context = record.payload
            case rows.SPENDING:
                thread._spending = record.payload
                thread._turns_since = 0
            case rows.GOAL:
                thread.preview = thread.preview or _objective(record.payload)
            case "compacted":
                thread._base = record.payload
                thread._history.clear()
        return True

    @property
    def head_is_complete(self) -> bool:
        """Whether the first user message and a turn's settings have been seen."""
        return self._thread._context is not None and any(turn.has_message for turn in self._turns.values())

    def finish(self) -> StoredThread:
        thread = self._thread
        thread.turns = [turn.closed() for turn in self._turns.values()]
        if self._legacy and not any(turn.items for turn in thread.turns):
            thread.turns = self._legacy.turns() or thread.turns
        asked = next((text for turn in thread.turns for text in map(preview_of, turn.items) if text), "")
        thread.preview = asked or thread.preview
        return thread

    def _event(self, event: Event) -> None:
        match event.type:
            case "item_completed":
                self._item(event)
            case "token_count":
                if event.info != b"null":
                    self._thread._usage = event.info
            case "task_started" | "turn_started":
                turn = self._turn(event.turn_id)
                turn.wire.rootTurnId = event.root_turn_id or turn.wire.id
                turn.wire.startedAt = event.started_at
                turn.ended = False
                turn.placed = True
                self._thread._turns_since += 1
            case "task_complete" | "turn_complete":
                self._end(event, "failed" if event.error else "completed")
            case "turn_aborted":
                self._end(event, "interrupted")
            case _:
                pass
        if self._legacy:
            self._legacy.event(event)

    def _item(self, event: Event) -> None:
        fields = _decode_fields(event.item)
        item = items.from_row(fields, event.started_at_ms, event.completed_at_ms)
        self._turn(event.turn_id).items[fields["id"]] = item

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
        if key not in self._turns:
            self._turns[key] = _OpenTurn(key)
        return self._turns[key]


class _OpenTurn:
    __slots__ = ("ended", "items", "placed", "wire")

    def __init__(self, turn_id: str) -> None:
        self.wire = Turn(id=turn_id, rootTurnId=turn_id, items=[], itemsView="full", status="completed")
        self.items: dict[str, items.AnyItem] = {}  # a later row of the same item replaces it
        self.placed = False
        self.ended = True  # until task_started says otherwise: items alone are a turn that is over

    @property
    def has_message(self) -> bool:
        return any(map(preview_of, self.items.values()))

    def closed(self) -> Turn:
        self.wire.items = list(self.items.values())  # type: ignore[arg-type]
        if not self.ended:
            self.wire.status = "interrupted"
        return self.wire


def replay(meta: SessionMeta, records: Iterable[Record]) -> StoredThread:
    fold = Replay(meta)
    for record in records:
        fold.add(record)
    return fold.finish()


def decode_meta(record: Record) -> SessionMeta | None:
    """The payload of a `session_meta` row; None if it is another row or damaged."""
    if record.type != "session_meta":
        return None
    try:
        return _decode_meta(record.payload)
    except _DAMAGE:
        return None


def started_turn(record: Record) -> str | None:
    """The turn that starts with this row."""
    if record.type != "event_msg":
        return None
    try:
        event = _decode_event(record.payload)
    except _DAMAGE:
        return None
    return event.turn_id if event.type in ("task_started", "turn_started") else None


def _objective(payload: Raw) -> str:
    try:
        return msgspec.json.decode(payload, type=Goal).objective
    except _DAMAGE:
        return ""


def add_rest(tokens: dict[str, TokenUsage], model: str, total: TokenUsage) -> None:
    """Count what the total has and no model to the given one."""
    for name in total.__struct_fields__:
        rest = getattr(total, name) - sum(getattr(usage, name) for usage in tokens.values())
        if rest > 0:
            of_model = tokens.setdefault(model, TokenUsage())
            setattr(of_model, name, getattr(of_model, name) + rest)


def preview_of(item: Any) -> str:
    """What lists of threads show of a user message; empty for other items."""
    if getattr(item, "content", None) is None or not hasattr(item, "clientId"):
        return ""
    return input_preview(item.content)


def input_preview(inputs: Sequence[Any]) -> str:
    """The text of what a user sent, or that it is an image."""
    words = "\n".join(part.text for part in inputs if hasattr(part, "text")).strip()
    images = any(isinstance(part, ImageUserInput | LocalImageUserInput) for part in inputs)
    return words or ("[Image]" if images else "")
