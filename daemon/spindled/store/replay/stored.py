"""A thread as its rows tell it; what few ask for is decoded when it is asked for."""

from __future__ import annotations

from functools import cached_property

import msgspec
from msgspec import Raw

from spindled.store.errors import DAMAGE
from spindled.store.replay import values
from spindled.store.replay.model_history import ModelHistory
from spindled.store.replay.stored_turns import StoredTurns
from spindled.store.rollout.payloads import SessionMeta, Spending, TokenUsage, TokenUsageInfo, TurnContext
from spindled_protocol.types import ThreadTokenUsage


class StoredThread:
    """A thread read from its rollout. `replay.Replay` fills it."""

    def __init__(self, meta: SessionMeta) -> None:
        self.meta = meta
        self.turns = StoredTurns()
        """As thread/read gives them with includeTurns; a turn that never ended is "interrupted"."""
        self.preview = ""
        """The first user message."""
        self.updated_at = ""
        """Timestamp of the last row."""
        self.rows = 0
        """How many were read, damaged ones included."""
        self.warnings: list[str] = []
        self.history = ModelHistory(self.warnings)
        self.turns_since = 0
        """How many turns began after the last account of what was used."""
        self.last_context: Raw | None = None
        self.last_usage: Raw | None = None
        self.last_spending: Raw | None = None

    @cached_property
    def usage(self) -> ThreadTokenUsage | None:
        if self.last_usage is None:
            return None
        try:
            info = msgspec.json.decode(self.last_usage, type=TokenUsageInfo)
        except DAMAGE:
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
            found = msgspec.json.decode(self.last_spending, type=Spending) if self.last_spending else Spending()
        except DAMAGE:
            self.warnings.append("a damaged account of what was used was skipped")
            found = Spending()
        found.turns += self.turns_since
        if self.usage is not None:
            model = self.context.model if self.context else ""
            add_rest(found.tokens, model, values.token_usage(self.usage.total))
        return found

    @cached_property
    def context(self) -> TurnContext | None:
        """The settings of the last turn."""
        try:
            return msgspec.json.decode(self.last_context, type=TurnContext) if self.last_context else None
        except DAMAGE:
            return None


def add_rest(tokens: dict[str, TokenUsage], model: str, total: TokenUsage) -> None:
    """Count what the total has and no model to the given one."""
    for name in total.__struct_fields__:
        rest = getattr(total, name) - sum(getattr(usage, name) for usage in tokens.values())
        if rest > 0:
            of_model = tokens.setdefault(model, TokenUsage())
            setattr(of_model, name, getattr(of_model, name) + rest)
