"""Context pressure: when a thread's history is made smaller, by what means, and what happens when that fails."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from spindled.agent.clock import now_ms, now_s
from spindled.agent.history.tokens import ContextMeter, estimate, estimate_all, overflow_in
from spindled.model.errors import Kind, ModelError
from spindled.store.ids import new_id
from spindled_protocol.types import ContextCompactionThreadItem

if TYPE_CHECKING:
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled.agent.turn.turn import RunningTurn

Item = dict[str, Any]

COLD_AFTER_S = 3_600
"""A provider's prompt cache has forgotten a thread that was idle for so long."""
MOST_FAILURES = 3
ROOM = 2 / 3
"""What may be left of the limit for a step without a summary to be worth it."""

UNUSABLE = (Kind.INCOMPLETE, Kind.NO_ANSWER)
TOO_LONG = "The conversation no longer fits the model's context window"
BREAKER_OPEN = (
    "Automatic compaction is off for this thread after three attempts that did not help; "
    "`thread/compact/start` tries again."
)


class Pressure:
    """Watches one thread's context. Works on copies: what fails or is cancelled leaves the history as it was."""

    def __init__(self, thread: Thread, sampled: ThreadSettings | None = None):
        self.thread = thread
        self.failures = 0
        self.unproven = False
        self.answered_at = thread.identity.updated_at
        self.sampled = sampled
        """Under which settings the history was last sent; None if that cannot be done again."""
        self._maxima: dict[str, int] = {}
        self._stored_tokens = thread.usage.last.totalTokens

    # -- what is known

    @cached_property
    def meter(self) -> ContextMeter:
        """Begins with what the model last said of the items that were stored."""
        meter, items = ContextMeter(), self.thread.history.items
        if self._stored_tokens:
            meter.reported(self._stored_tokens, items[: self.thread.history.begun_with])
        return meter

    def window(self, model: str) -> int:
        """Tokens that the model takes: the configuration's figure, or the provider's own if that is smaller."""
        configured = self.thread.surroundings.catalogue.context_window(model)
        return min(configured, self._maxima.get(model, configured))

    def limit(self, model: str) -> int:
        """Tokens from which on the history is made smaller."""
        configured = self.thread.surroundings.catalogue.auto_compact_limit(model)
        return min(configured, self.window(model) * 9 // 10)

    @property
    def size(self) -> int:
        return self.meter.size(self.thread.history.items)

    @property
    def given_up(self) -> bool:
        """Whether so much has failed that nothing more is tried without being asked: the breaker is open."""
        return self.failures >= MOST_FAILURES

    def reported(self, tokens: int) -> None:
        """What the model said of the response just finished; the first one after a relief shows whether it helped."""
        self.answered_at = now_s()
        if not tokens:
            return
        self.meter.reported(tokens, self.thread.history.items)
        if self.unproven:
            self.unproven = False
            if tokens >= self.limit(self.thread.settings.model):
                self._failed()
            else:
                self.failures = 0

    # -- when

    async def before_turn(self, turn: RunningTurn) -> None:
        """Make room if the history is over the limit of the model that comes. Raises ModelError."""
        settings = turn.settings
        if self.sampled is not None and self.window(settings.model) < self.window(self.sampled.model):
            settings = self.sampled  # the smaller model might not hold what it is to summarise
        await self._relieve_if_needed(turn, settings)
        self.sampled = turn.settings

    async def before_request(self, turn: RunningTurn) -> None:
        """As before a turn, between the calls of a response and the request that follows. Raises ModelError."""
        await self._relieve_if_needed(turn, turn.settings)

    async def on_overflow(self, turn: RunningTurn, error: ModelError) -> bool:
        """Whether there is room now, after the provider refused the history. Raises ModelError if making it failed."""
        model = turn.settings.model
        requested, maximum = overflow_in(error.said)
        if maximum:
            self._maxima[model] = maximum
        self._tell_size(turn, requested or self.window(model))
        if self.given_up:
            return False
        await self._automatic(turn, turn.settings, cheap=False)
        return True

    async def compact(self, turn: RunningTurn) -> None:
        """Replace the history by a summary because the user wants it, whatever its size. Raises ModelError."""
        try:
            await self._relieve(turn, turn.settings, cheap=False)
        except ModelError as cause:
            self._failed()
            if cause.kind not in UNUSABLE:
                raise
            raise ModelError(Kind.CONTEXT_WINDOW, f"The conversation was not summarised: {cause}") from cause

    async def _relieve_if_needed(self, turn: RunningTurn, settings: ThreadSettings) -> None:
        if not self.given_up and self.thread.history.items and self.size >= self.limit(turn.settings.model):
            await self._automatic(turn, settings, cheap=True)

    async def _automatic(self, turn: RunningTurn, settings: ThreadSettings, *, cheap: bool) -> None:
        try:
            await self._relieve(turn, settings, cheap=cheap)
        except ModelError as cause:
            self._failed()
            if cause.kind is Kind.CONTEXT_WINDOW:
                raise
            raise ModelError(Kind.CONTEXT_WINDOW, f"{TOO_LONG}, and summarising it failed: {cause}") from cause

    def _failed(self) -> None:
        self.failures += 1
        if self.failures == MOST_FAILURES:
            self.thread.events.warning(BREAKER_OPEN)

    # -- how

    async def _relieve(self, turn: RunningTurn, settings: ThreadSettings, *, cheap: bool) -> None:
        item = ContextCompactionThreadItem(id=new_id(), startedAtMs=now_ms(), completedAtMs=None)
        self.thread.events.item_started(turn.id, item, now_ms())
        if not (cheap and self._shorten(turn)):
            await self._summarise(turn, settings)
        self.failures = min(self.failures, MOST_FAILURES - 1)
        self.unproven = True
        item.completedAtMs = now_ms()
        self.thread.complete_item(turn.id, item)

    def _shorten(self, turn: RunningTurn) -> bool:
        """Whether shorter tool results are enough. With a cold cache the old ones go, otherwise their middle."""
        from spindled.agent.history.compaction import cleared, pruned

        history, size = self.thread.history.items, self.size
        cold = now_s() - self.answered_at >= COLD_AFTER_S
        for step in (cleared, pruned) if cold else (pruned,):
            items = step(history)
            saved = sum(
                estimate(old) - estimate(new) for old, new in zip(history, items, strict=True) if old is not new
            )
            if size - saved < self.limit(turn.settings.model) * ROOM:
                self._replace(turn, "", items, size - saved)
                return True
        return False

    async def _summarise(self, turn: RunningTurn, settings: ThreadSettings) -> None:
        from spindled.agent.history.compaction import USER_TOKENS, replacement, summary_text
        from spindled.agent.history.summary import summarise

        thread, model = self.thread, turn.settings.model
        summary = summary_text(await summarise(turn, settings, thread.history.for_request()))
        budget = min(USER_TOKENS, self.limit(model) // 2)
        items = replacement(thread.told.context(turn.settings), thread.history.items, summary, budget)
        size = estimate_all(items) + self._overhead(turn)
        window = thread.surroundings.catalogue.context_window(model)
        if size >= window:
            text = f"{TOO_LONG}, not even as a summary: that takes about {size} tokens, the model {window}."
            raise ModelError(Kind.CONTEXT_WINDOW, text)
        self._replace(turn, summary, items, size)

    def _overhead(self, turn: RunningTurn) -> int:
        """Tokens of what every request holds beside the history."""
        request = turn.request()
        return estimate(request.instructions) + estimate_all(request.tools)

    def _replace(self, turn: RunningTurn, message: str, items: list[Item], size: int) -> None:
        self.thread.replace_history(message, items)
        self._tell_size(turn, size)

    def _tell_size(self, turn: RunningTurn, tokens: int) -> None:
        self.meter.set(tokens, len(self.thread.history.items))
        self.thread.usage_estimated(turn.id, tokens)
