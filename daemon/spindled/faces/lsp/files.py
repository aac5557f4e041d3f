"""Text files as the user of an editor sees them: open documents are changed in the editor, the others on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from lsprotocol import types

from spindled.faces.lsp.documents import Document, Documents, disk_text
from spindled.faces.lsp.edits import text_edits
from spindled.tools.files.disk import read_text
from spindled.tools.files.text_files import DiskWrite, FileChangeError, FileEdit

__all__ = ["EditorFiles", "EditorPort"]

PATIENCE = 5.0
"""Seconds in which an editor that says it has made an edit also shows it."""
LAST_WORD = 1.0
"""Seconds for an edit that is on its way when the turn is interrupted."""
ANNOTATION = "spindled"

log = logging.getLogger(__name__)


class EditorPort(Protocol):
    """What the editor can do for us."""

    @property
    def takes_edits(self) -> bool:
        """Whether it makes edits, and only to the version that they were made for."""

    @property
    def annotates(self) -> bool: ...

    async def apply(self, edit: types.WorkspaceEdit, label: str) -> types.ApplyWorkspaceEditResult:
        """Raises ConnectionError."""

    def warn(self, text: str) -> None:
        """Tell the user."""


class Share(NamedTuple):
    """Who makes which edits."""

    editor: list[tuple[FileEdit, Document]]
    disk: list[FileEdit]


class EditorFiles:
    """A `TextFiles`. What is typed is never overwritten: an edit that does not fit what is there is a conflict."""

    shared = True

    def __init__(self, documents: Documents, port: EditorPort) -> None:
        self._documents = documents
        self._port = port

    def read(self, path: Path) -> str | None:
        document = self._documents.at(path)
        return document.text if document and self._is_ahead(document) else read_text(path)

    def unsaved(self) -> list[Path]:
        return sorted(document.path for document in self._documents if document.path and document.unsaved)

    async def write(self, edits: Sequence[FileEdit], label: str) -> list[Path]:
        try:
            share = self._share(edits)
            on_disk = DiskWrite(share.disk)
            on_disk.apply()
            if share.editor:
                try:
                    await self._in_editor(share.editor, label)
                except FileChangeError as error:
                    raise FileChangeError(f"{error}; {on_disk.take_back()} on disk") from error
                except BaseException:
                    on_disk.take_back()
                    raise
        except FileChangeError as conflict:
            self._port.warn(f"The agent's edit was not made: {conflict}")
            raise
        return [edit.path for edit, document in share.editor if not document.is_on_disk()]

    def _is_ahead(self, document: Document) -> bool:
        """Whether the editor's text counts: it does unless it is only an older state of a file that others changed."""
        return document.unsaved or (self._port.takes_edits and document.is_on_disk())

    def _share(self, edits: Sequence[FileEdit]) -> Share:
        """Raises FileChangeError for what would overwrite what the user has typed."""
        share = Share([], [])
        for edit in edits:
            document = self._documents.at(edit.path)
            if document is None:
                share.disk.append(edit)
                continue
            if self.read(edit.path) != edit.before:
                raise FileChangeError(f"{edit.path} was changed in the editor meanwhile")
            if edit.after is not None and self._port.takes_edits and self._is_ahead(document):
                share.editor.append((edit, document))
            elif document.unsaved:
                raise FileChangeError(f"{edit.path} has unsaved changes in the editor; the user must save it first")
            else:
                share.disk.append(edit._replace(before=disk_text(edit.path)))
        return share

    async def _in_editor(self, edits: Sequence[tuple[FileEdit, Document]], label: str) -> None:
        """Raises FileChangeError. When cancelled, waits a moment for what is on its way; if it arrives, it counts."""
        edit = types.WorkspaceEdit(
            document_changes=[self._document_edit(edit, document) for edit, document in edits],
            change_annotations={ANNOTATION: types.ChangeAnnotation(label=label)} if self._port.annotates else None,
        )
        sent = asyncio.ensure_future(self._send(edit, label, edits))
        try:
            await asyncio.shield(sent)
        except asyncio.CancelledError:
            await asyncio.wait({sent}, timeout=LAST_WORD)
            if not sent.done():
                sent.cancel()
                raise
            if sent.cancelled() or sent.exception() is not None:
                raise

    async def _send(self, edit: types.WorkspaceEdit, label: str, edits: Sequence[tuple[FileEdit, Document]]) -> None:
        arrivals = [
            asyncio.ensure_future(document.reaches(change.after))
            for change, document in edits
            if change.after is not None
        ]
        try:
            result = await self._port.apply(edit, label)
            if not result.applied:
                raise FileChangeError(f"the editor refused it ({result.failure_reason or 'it gave no reason'})")
            await asyncio.wait(arrivals, timeout=PATIENCE)
            missing = [change.path for (change, _), done in zip(edits, arrivals, strict=True) if not done.done()]
            if missing:
                raise FileChangeError(self._missing(missing, len(edits)))
        except ConnectionError as error:
            raise FileChangeError("the editor did not answer") from error
        finally:
            for arrival in arrivals:
                arrival.cancel()

    def _missing(self, paths: Sequence[Path], of: int) -> str:
        named = ", ".join(map(str, paths))
        rest = "" if len(paths) == of else "; the other files of this edit were changed"
        return f"{named} was changed in the editor meanwhile, look at it again{rest}"

    def _document_edit(self, change: FileEdit, document: Document) -> types.TextDocumentEdit:
        assert change.after is not None
        edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
        for (start, end), text in text_edits(document.text, change.after, self._documents.encoding):
            place = types.Range(types.Position(*start), types.Position(*end))
            if self._port.annotates:
                edits.append(types.AnnotatedTextEdit(annotation_id=ANNOTATION, range=place, new_text=text))
            else:
                edits.append(types.TextEdit(range=place, new_text=text))
        version = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
        return types.TextDocumentEdit(text_document=version, edits=edits)
