"""Text put between tags for the model."""

from __future__ import annotations


def escape(text: str) -> str:
    """Text that cannot be taken for markup, also within double quotes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
