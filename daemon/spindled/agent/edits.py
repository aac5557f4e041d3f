"""What the last turn that changed files did to them, so that it can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.tools.files.text_files import FileChangeError, FileEdit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spindled.tools.base import FileSnapshot
    from spindled.tools.files.text_files import TextFiles


class CannotUndo(Exception):
    """Nothing was undone; the text says why."""


class Edits:
    """First text and last text of each file, of the latest turn that wrote any; kept until it is undone."""

    def __init__(self) -> None:
        self.turn_id: str | None = None
        self._files: dict[Path, tuple[str | None, str | None]] = {}

    def note(self, turn_id: str, changes: Sequence[FileSnapshot]) -> None:
        if turn_id != self.turn_id:
            self.turn_id = turn_id
            self._files.clear()
        for change in changes:
            if change.moved_from is not None:
                self._set(change.moved_from, change.before, None)
                self._set(change.path, None, change.after)
            else:
                self._set(change.path, change.before, change.after)

    async def undo(self, files: TextFiles) -> list[Path]:
        """Give every file the text that it had before; the files. Raises CannotUndo, also for what changed since."""
        edits = [FileEdit(path.resolve(), after, before) for path, (before, after) in self._files.items()]
        edits = [edit for edit in edits if edit.before != edit.after]
        if not edits:
            raise CannotUndo("there are no edits to undo")
        try:
            for edit in edits:
                if files.read(edit.path) != edit.before:
                    raise CannotUndo(f"{edit.path} was changed since; nothing was undone")
            await files.write(edits, "Undo of the agent's edits")
        except FileChangeError as error:
            raise CannotUndo(f"{error}") from error
        self._files.clear()
        self.turn_id = None
        return [edit.path for edit in edits]

    def _set(self, path: Path, before: str | None, after: str | None) -> None:
        first = self._files[path][0] if path in self._files else before
        self._files[path] = (first, after)
