from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.faces.lsp.documents import Document, Documents, path_of


def tell(documents: Documents, method: str, **params: Any) -> None:
    assert documents.take(f"textDocument/{method}", msgspec.Raw(msgspec.json.encode(params)))


def opened(documents: Documents, path: Path, text: str) -> Document:
    tell(documents, "didOpen", textDocument={"uri": path.as_uri(), "languageId": "text", "version": 1, "text": text})
    document = documents.get(path.as_uri())
    assert document is not None
    return document


def change(documents: Documents, document: Document, *changes: dict[str, Any]) -> None:
    about = {"uri": document.uri, "version": document.version + 1}
    tell(documents, "didChange", textDocument=about, contentChanges=list(changes))


def span(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    names = ("line", "character")
    return {"start": dict(zip(names, start, strict=True)), "end": dict(zip(names, end, strict=True))}


def test_changes_one_after_another(tmp_path: Path) -> None:
    documents = Documents()
    document = opened(documents, tmp_path / "a", "one\ntwo\n")
    change(
        documents,
        document,
        {"range": span((0, 0), (0, 3)), "text": "1\n1"},
        {"range": span((2, 3), (2, 3)), "text": "!"},
    )
    assert (document.text, document.version) == ("1\n1\ntwo!\n", 2)
    change(documents, document, {"text": "all new"})
    assert document.text == "all new"


def test_lines_end_where_editors_end_them(tmp_path: Path) -> None:
    """A form feed or U+2028 is a character like any other."""
    documents = Documents()
    document = opened(documents, tmp_path / "a", "a\fb\u2028c\nd\n")
    change(documents, document, {"range": span((1, 0), (1, 1)), "text": "D"})
    assert document.text == "a\fb\u2028c\nD\n"


def test_unsaved_is_what_was_typed_and_not_what_others_wrote(tmp_path: Path) -> None:
    documents, path = Documents(), tmp_path / "a"
    path.write_text("text\r\n")
    document = opened(documents, path, "text\n")
    assert not document.unsaved
    path.write_text("from a command\n")
    assert not document.unsaved
    change(documents, document, {"text": "typed\n"})
    assert document.unsaved
    path.write_text("typed\n")
    tell(documents, "didSave", textDocument={"uri": document.uri})
    assert not document.unsaved
    path.unlink()
    assert not document.unsaved


def test_opened_with_unsaved_changes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("disk")
    assert opened(Documents(), tmp_path / "a", "restored").unsaved
    assert opened(Documents(), tmp_path / "new", "not yet a file").unsaved


def test_one_document_by_all_its_names(tmp_path: Path) -> None:
    documents = Documents()
    (tmp_path / "a b").write_text("")
    (tmp_path / "link").symlink_to("a b")
    document = opened(documents, tmp_path / "a b", "")
    assert documents.get(document.uri.replace("%20", " ")) is document
    assert documents.at(tmp_path / "link") is document
    tell(documents, "didClose", textDocument={"uri": document.uri})
    assert documents.at(tmp_path / "a b") is None
    change(documents, document, {"text": "late"})


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "file://server/share", "https://x/y", "file:relative", "file:///a%00"]
)
def test_uris_that_name_no_file(uri: str) -> None:
    assert path_of(uri) is None


async def test_a_text_that_is_only_passed_through_is_noticed(tmp_path: Path) -> None:
    documents = Documents()
    document = opened(documents, tmp_path / "a", "one")
    waiting = asyncio.ensure_future(document.reaches("two"))
    await asyncio.sleep(0)
    change(documents, document, {"text": "tw"})
    change(documents, document, {"text": "two"}, {"text": "two and more"})
    await waiting
