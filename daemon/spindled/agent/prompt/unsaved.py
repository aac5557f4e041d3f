"""Tells the model which files the user's editor holds with text that commands do not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.prompt.markup import escape
from spindled.agent.turn.notes import Note

if TYPE_CHECKING:
    from pathlib import Path

    from spindled.tools.files.text_files import TextFiles


class Unsaved:
    """What was told last; a thread that is resumed tells it anew."""

    def __init__(self, files: TextFiles):
        self._files = files
        self._told: list[Path] = []

    def news(self) -> list[dict[str, Any]]:
        """What is to be said to the model, if something changed since the last time."""
        now = self._files.unsaved()
        if now == self._told:
            return []
        self._told = now
        return [Note(guidance(now), "").item]


def guidance(paths: list[Path]) -> str:
    if not paths:
        return "The files that were unsaved in the user's editor are saved now."
    listed = "\n".join(f"- {escape(str(path))}" for path in paths)
    return (
        f"These files have unsaved changes in the user's editor:\n{listed}\n"
        "read_file and apply_patch work with the text in the editor; commands see the older one on disk. "
        "Do not change these files through commands."
    )
