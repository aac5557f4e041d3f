"""The documents that are open in the editor, as their user sees them.

They are not left to pygls: it ends lines where editors do not (form feed, U+2028), and drifts from what they show.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from spindled.faces.lsp.positions import Encoding, Position, Range, spliced
from spindled.tools.files.disk import FileChangeError, read_text

__all__ = ["Document", "Documents", "path_of"]

log = logging.getLogger(__name__)


class Document:
    """One open text. `saved` is what its file last was known to hold, None before that is known."""

    def __init__(self, uri: str, path: Path | None, version: int, text: str, language: str) -> None:
        self.uri = uri
        self.path = path
        self.version = version
        self.text = text
        self.language = language
        self.saved: str | None = None
        self._watchers: list[Callable[[str], None]] = []

    def is_on_disk(self) -> bool:
        """Whether the file holds this text, too."""
        return self.path is not None and same(self.text, disk_text(self.path))

    @property
    def unsaved(self) -> bool:
        """Whether the user has typed what the file does not hold; a file that others changed is no such thing."""
        if self.is_on_disk():
            self.saved = self.text
            return False
        return self.saved is None or not same(self.text, self.saved)

    def change(self, text: str) -> None:
        self.text = text
        for watch in tuple(self._watchers):
            watch(text)

    async def reaches(self, text: str) -> None:
        """Return when the document has this text, be it for a moment, from now on."""
        reached = asyncio.get_running_loop().create_future()

        def watch(now: str) -> None:
            if same(now, text) and not reached.done():
                reached.set_result(None)

        self._watchers.append(watch)
        try:
            watch(self.text)
            await reached
        finally:
            self._watchers.remove(watch)


class Documents:
    """By path and by URI. `encoding` is what positions are counted in."""

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Document | None:
        return self._open.get(normal(uri))

    def at(self, path: Path) -> Document | None:
        """The open document of a file, whichever of its names it was opened by."""
        real = os.path.realpath(path)
        return next((document for document in self if document.path and os.path.realpath(document.path) == real), None)

    def take(self, method: str, params: msgspec.Raw) -> bool:
        """Follow a notification; False if it is none about documents. Raises msgspec.DecodeError."""
        if method not in _TAKES:
            return False
        kind, take = _TAKES[method]
        take(self, msgspec.json.decode(params, type=kind))
        return True

    def _opened(self, params: DidOpen) -> None:
        told = params.textDocument
        document = Document(told.uri, path_of(told.uri), told.version, told.text, told.languageId)
        if document.is_on_disk():
            document.saved = document.text
        self._open[normal(told.uri)] = document

    def _changed(self, params: DidChange) -> None:
        document = self.get(params.textDocument.uri)
        if document is None:
            log.warning("a change of a document that is not open")
            return
        for change in params.contentChanges:
            if change.range is None:
                document.change(change.text)
            else:
                document.change(spliced(document.text, change.range.plain, change.text, self.encoding))
            if params.textDocument.version is not None:
                document.version = params.textDocument.version

    def _saved(self, params: DidSave) -> None:
        if document := self.get(params.textDocument.uri):
            document.saved = document.text if params.text is None else params.text

    def _closed(self, params: DidClose) -> None:
        self._open.pop(normal(params.textDocument.uri), None)


def disk_text(path: Path) -> str | None:
    """What the file holds, None if it is not there or no text."""
    try:
        return read_text(path)
    except FileChangeError:
        return None


def same(text: str, other: str | None) -> bool:
    """Editors keep neither a byte order mark nor every kind of line end in what they call the text."""
    return text == other or (other is not None and _plain(text) == _plain(other))


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def normal(uri: str) -> str:
    """Clients escape the same URI in different ways."""
    return unquote(uri)


def path_of(uri: str) -> Path | None:
    """The file that a URI names, None if it names none."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path)
    return Path(path) if path.startswith("/") and "\0" not in path else None


# -- the notifications, as far as they matter


class WirePosition(msgspec.Struct):
    line: int
    character: int


class WireRange(msgspec.Struct):
    start: WirePosition
    end: WirePosition

    @property
    def plain(self) -> Range:
        start, end = self.start, self.end
        return Range(Position(start.line, start.character), Position(end.line, end.character))


class TextDocument(msgspec.Struct):
    uri: str
    version: int | None = None


class TextDocumentItem(msgspec.Struct):
    uri: str
    text: str
    version: int = 0
    languageId: str = ""


class Change(msgspec.Struct):
    text: str
    range: WireRange | None = None


class DidOpen(msgspec.Struct):
    textDocument: TextDocumentItem


class DidChange(msgspec.Struct):
    textDocument: TextDocument
    contentChanges: list[Change]


class DidSave(msgspec.Struct):
    textDocument: TextDocument
    text: str | None = None


class DidClose(msgspec.Struct):
    textDocument: TextDocument


_TAKES: dict[str, tuple[Any, Callable[[Documents, Any], None]]] = {
    "textDocument/didOpen": (DidOpen, Documents._opened),
    "textDocument/didChange": (DidChange, Documents._changed),
    "textDocument/didSave": (DidSave, Documents._saved),
    "textDocument/didClose": (DidClose, Documents._closed),
}
