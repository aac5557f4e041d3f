"""File names as text: what is not UTF-8 is shown with replacement characters."""

from __future__ import annotations

import os


def shown(name: str) -> str:
    """A name that the system gave, as text that can be encoded."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode(errors="replace")
    return name
