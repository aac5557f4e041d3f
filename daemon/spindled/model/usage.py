"""The token counts in a provider's response."""

from __future__ import annotations

from typing import Any

from .events import Usage


def usage_in(value: Any) -> Usage | None:
    """None if the provider does not count."""
    if not isinstance(value, dict):
        return None
    of_input, of_output = value.get("input_tokens_details"), value.get("output_tokens_details")
    sent, received = _count(value, "input_tokens"), _count(value, "output_tokens")
    return Usage(
        input_tokens=sent,
        cached_input_tokens=_count(of_input, "cached_tokens"),
        cache_write_input_tokens=_count(of_input, "cache_write_tokens"),
        output_tokens=received,
        reasoning_output_tokens=_count(of_output, "reasoning_tokens"),
        total_tokens=_count(value, "total_tokens") or sent + received,
    )


def _count(value: Any, name: str) -> int:
    count = value.get(name) if isinstance(value, dict) else None
    return count if isinstance(count, int) and count >= 0 else 0
