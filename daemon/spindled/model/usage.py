"""The token counts in a provider's response."""

from __future__ import annotations

from typing import Any

from .events import Usage


def usage_in(value: Any) -> Usage | None:
    """Of the Responses API; None if the provider does not count."""
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


def chat_usage(value: Any) -> Usage | None:
    """Of Chat Completions, with the cache counts of DeepSeek and Moonshot."""
    if not isinstance(value, dict):
        return None
    of_input, of_output = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    sent, received = _count(value, "prompt_tokens"), _count(value, "completion_tokens")
    cached = _count(of_input, "cached_tokens") or _count(value, "prompt_cache_hit_tokens")
    return Usage(
        input_tokens=sent,
        cached_input_tokens=cached or _count(value, "cached_tokens"),
        cache_write_input_tokens=_count(of_input, "cache_write_tokens"),
        output_tokens=received,
        reasoning_output_tokens=_count(of_output, "reasoning_tokens"),
        total_tokens=_count(value, "total_tokens") or sent + received,
    )


def timings_usage(value: Any) -> Usage | None:
    """Of llama.cpp's `timings`, where a stream has no usage: `prompt_n` leaves out what the cache held."""
    if not isinstance(value, dict):
        return None
    cached, received = _count(value, "cache_n"), _count(value, "predicted_n")
    sent = _count(value, "prompt_n") + cached
    return Usage(input_tokens=sent, cached_input_tokens=cached, output_tokens=received, total_tokens=sent + received)


def messages_usage(value: dict[str, Any]) -> Usage | None:
    """Of the Messages API, which counts what it reads from and writes to its cache apart from the input."""
    if not value:
        return None
    read, written = _count(value, "cache_read_input_tokens"), _count(value, "cache_creation_input_tokens")
    sent, received = _count(value, "input_tokens") + read + written, _count(value, "output_tokens")
    return Usage(
        input_tokens=sent,
        cached_input_tokens=read,
        cache_write_input_tokens=written,
        output_tokens=received,
        reasoning_output_tokens=_count(value.get("output_tokens_details"), "thinking_tokens"),
        total_tokens=sent + received,
    )


def _count(value: Any, name: str) -> int:
    count = value.get(name) if isinstance(value, dict) else None
    return count if isinstance(count, int) and count >= 0 else 0
