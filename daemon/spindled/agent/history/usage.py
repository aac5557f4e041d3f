"""Token usage of a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled_protocol.types import ThreadTokenUsage, TokenUsageBreakdown

if TYPE_CHECKING:
    from spindled.model.events import Usage


def no_usage() -> TokenUsageBreakdown:
    return TokenUsageBreakdown(
        totalTokens=0,
        inputTokens=0,
        cachedInputTokens=0,
        cacheWriteInputTokens=0,
        outputTokens=0,
        reasoningOutputTokens=0,
    )


def breakdown(usage: Usage) -> TokenUsageBreakdown:
    """What the model reported for one response, in the wire's words."""
    return TokenUsageBreakdown(
        totalTokens=usage.total_tokens,
        inputTokens=usage.input_tokens,
        cachedInputTokens=usage.cached_input_tokens,
        cacheWriteInputTokens=usage.cache_write_input_tokens,
        outputTokens=usage.output_tokens,
        reasoningOutputTokens=usage.reasoning_output_tokens,
    )


def added(total: TokenUsageBreakdown, last: TokenUsageBreakdown) -> TokenUsageBreakdown:
    return TokenUsageBreakdown(**{name: getattr(total, name) + getattr(last, name) for name in total.__struct_fields__})


class UsageMeter:
    """Tokens of a thread: in all, and of its last response."""

    def __init__(self, stored: ThreadTokenUsage | None = None):
        self.total = stored.total if stored else no_usage()
        self.last = stored.last if stored else no_usage()
        self.known = stored is not None

    def add(self, usage: Usage) -> None:
        self.last = breakdown(usage)
        self.total = added(self.total, self.last)
        self.known = True

    def estimated(self, tokens: int) -> None:
        """What the next response has to read was changed to about so many tokens."""
        self.last = no_usage()
        self.last.totalTokens = tokens
        self.known = True

    def snapshot(self, context_window: int | None) -> ThreadTokenUsage:
        return ThreadTokenUsage(total=self.total, last=self.last, modelContextWindow=context_window)
