"""The port through which tools read and write text files, so that an editor's unsaved texts count as what is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from spindled.tools.files.disk import FileChangeError, read_text, replace_file, restore_file

__all__ = ["DISK", "DiskFiles", "DiskWrite", "FileChangeError", "FileEdit", "TextFiles"]


class FileEdit(NamedTuple):
    """One file's change: whole texts, None for no file. The path is resolved."""

    path: Path
    before: str | None
    after: str | None
    mode_from: Path | None = None  # a file whose mode a new one takes over: it is moved here


class TextFiles(Protocol):
    """Text files as their user sees them."""

    @property
    def shared(self) -> bool:
        """Whether an editor may hold other texts than the disk does."""

    def read(self, path: Path) -> str | None:
        """The whole text, None if there is no file. Raises FileChangeError for what is no text file."""

    def unsaved(self) -> list[Path]:
        """The files whose text is not the one on disk, in their order."""

    async def write(self, edits: Sequence[FileEdit], label: str) -> list[Path]:
        """All of them or none; `label` names them to the user. Gives the files that the disk does not have yet.

        Raises FileChangeError; then all is as before, or the message names what is not.
        """


class DiskFiles:
    """No editor: the disk is all there is. Nothing here awaits, so nothing can be cancelled halfway."""

    shared = False

    def read(self, path: Path) -> str | None:
        return read_text(path)

    def unsaved(self) -> list[Path]:
        return []

    async def write(self, edits: Sequence[FileEdit], label: str) -> list[Path]:
        DiskWrite(edits).apply()
        return []


DISK = DiskFiles()


class DiskWrite:
    """Edits on disk, which can be taken back."""

    def __init__(self, edits: Sequence[FileEdit]) -> None:
        self._edits = edits
        self._done: list[tuple[FileEdit, int | None, list[Path]]] = []

    def apply(self) -> None:
        """Raises FileChangeError, as `TextFiles.write` does."""
        for edit in self._edits:
            mode = _mode(edit.path) if edit.before is not None else None
            inherited = _mode(edit.mode_from) if mode is None and edit.mode_from else mode
            try:
                created = replace_file(edit.path, edit.before, edit.after, inherited)
            except (OSError, FileChangeError) as error:
                raise FileChangeError(f"{edit.path}: {_text(error)}; {self.take_back()}") from error
            self._done.append((edit, mode, created))

    def take_back(self) -> str:
        """Says how it went."""
        left = []
        for edit, mode, created in reversed(self._done):
            try:
                restore_file(edit.path, edit.before, mode, created)
            except OSError as error:
                left.append(f"{edit.path} ({_text(error)})")
        self._done.clear()
        return "nothing was changed" if not left else "these changes could not be taken back: " + ", ".join(left)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:  # it is not there, or was written and deleted in the same patch
        return None


def _text(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
