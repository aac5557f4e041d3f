"""What lists of threads show of a thread: the first thing that its user said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spindled_protocol.types import ImageUserInput, LocalImageUserInput, UserMessageThreadItem


def preview_of(item: Any) -> str:
    """Of a user message; empty for other items."""
    return input_preview(item.content) if isinstance(item, UserMessageThreadItem) else ""


def input_preview(inputs: Sequence[Any]) -> str:
    """The text of what a user sent, or that it is an image."""
    words = "\n".join(part.text for part in inputs if hasattr(part, "text")).strip()
    images = any(isinstance(part, ImageUserInput | LocalImageUserInput) for part in inputs)
    return words or ("[Image]" if images else "")
