"""Which edits the editor makes, which the disk gets, and which nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types

from spindled.faces.lsp.documents import Document, Documents
from spindled.faces.lsp.files import EditorFiles
from spindled.tools.files.text_files import FileChangeError, FileEdit
from tests.unit.faces.lsp.test_documents import change, opened


class Port:
    """An editor: `do` is what it does with an edit."""

    takes_edits = True
    annotates = False

    def __init__(self) -> None:
        self.edits: list[types.WorkspaceEdit] = []
        self.warnings: list[str] = []
        self.do: Callable[[], bool] = lambda: True
        self.asked = asyncio.Event()
        self.wait: asyncio.Event | None = None

    async def apply(self, edit: types.WorkspaceEdit, label: str) -> types.ApplyWorkspaceEditResult:
        self.edits.append(edit)
        self.asked.set()
        if self.wait is not None:
            await self.wait.wait()
        return types.ApplyWorkspaceEditResult(applied=self.do())

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents, self.port = Documents(), Port()
        self.files = EditorFiles(self.documents, self.port)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def buffer(self, name: str, text: str) -> Document:
        return opened(self.documents, self.folder / name, text)

    def obey(self, document: Document, text: str) -> None:
        def do() -> bool:
            change(self.documents, document, {"text": text})
            return True

        self.port.do = do

    async def write(self, *edits: tuple[str, str | None, str | None]) -> list[Path]:
        return await self.files.write([FileEdit(self.folder / name, a, b) for name, a, b in edits], "an edit")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_reads_see_the_buffer(world: World) -> None:
    path = world.file("a", "disk")
    assert world.files.read(path) == "disk"
    document = world.buffer("a", "typed")
    assert world.files.read(path) == "typed"
    assert world.files.unsaved() == [path]
    world.file("a", "typed")
    assert world.files.unsaved() == []
    world.file("a", "a command was here")
    assert (world.files.read(path), document.text) == ("a command was here", "typed")


async def test_open_documents_in_the_editor_others_on_disk(world: World) -> None:
    a, b = world.file("a", "one\n"), world.file("b", "one\n")
    world.obey(world.buffer("a", "one\n"), "two\n")
    assert await world.write(("a", "one\n", "two\n"), ("b", "one\n", "two\n")) == [a]
    assert (a.read_text(), b.read_text()) == ("one\n", "two\n")
    (edit,) = world.port.edits
    (made,) = edit.document_changes or []
    assert isinstance(made, types.TextDocumentEdit)
    assert made.text_document.version == 1


async def test_an_editor_that_saves_at_once(world: World) -> None:
    path = world.file("a", "one\n")
    document = world.buffer("a", "one\n")

    def save() -> bool:
        change(world.documents, document, {"text": "two\n"})
        path.write_text("two\n")
        return True

    world.port.do = save
    assert await world.write(("a", "one\n", "two\n")) == []


async def test_a_refusal_takes_the_disk_back(world: World) -> None:
    world.file("a", "one\n")
    b = world.file("b", "one\n")
    world.buffer("a", "one\n")
    world.port.do = lambda: False
    with pytest.raises(FileChangeError, match="refused"):
        await world.write(("b", "one\n", "two\n"), ("a", "one\n", "two\n"), ("c", None, "new\n"))
    assert b.read_text() == "one\n"
    assert not (world.folder / "c").exists()
    assert len(world.port.warnings) == 1


async def test_what_was_typed_since_the_plan_is_a_conflict(world: World) -> None:
    world.file("a", "one\n")
    change(world.documents, world.buffer("a", "one\n"), {"text": "one, typed\n"})
    with pytest.raises(FileChangeError, match="changed in the editor meanwhile"):
        await world.write(("a", "one\n", "two\n"))
    assert world.port.edits == []


async def test_an_editor_that_says_yes_and_does_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spindled.faces.lsp.files.PATIENCE", 0.01)
    world.file("a", "one\n")
    b = world.file("b", "one\n")
    world.buffer("a", "one\n")
    with pytest.raises(FileChangeError, match="look at it again"):
        await world.write(("b", "one\n", "two\n"), ("a", "one\n", "two\n"))
    assert b.read_text() == "one\n"


async def test_unsaved_text_is_not_deleted(world: World) -> None:
    path = world.file("a", "disk")
    world.buffer("a", "typed")
    with pytest.raises(FileChangeError, match="unsaved"):
        await world.write(("a", "typed", None))
    assert path.exists()


async def test_a_saved_document_is_deleted_on_disk(world: World) -> None:
    path = world.file("a", "text\r\n")
    world.buffer("a", "text\n")
    await world.write(("a", "text\n", None))
    assert not path.exists()


async def test_a_file_that_others_changed_is_patched_on_disk(world: World) -> None:
    path = world.file("a", "old")
    world.buffer("a", "old")
    world.file("a", "formatted")
    await world.write(("a", "formatted", "patched"))
    assert path.read_text() == "patched"
    assert world.port.edits == []


async def test_an_interrupt_while_the_editor_works_keeps_what_it_did(world: World) -> None:
    world.file("a", "one\n")
    world.obey(world.buffer("a", "one\n"), "two\n")
    world.port.wait = asyncio.Event()
    writing = asyncio.ensure_future(world.write(("a", "one\n", "two\n")))
    await world.port.asked.wait()
    writing.cancel()
    await asyncio.sleep(0)
    world.port.wait.set()
    assert await writing == [world.folder / "a"]


async def test_an_interrupt_of_an_editor_that_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spindled.faces.lsp.files.LAST_WORD", 0.01)
    world.file("a", "one\n")
    b = world.file("b", "one\n")
    world.buffer("a", "one\n")
    world.port.wait = asyncio.Event()
    writing = asyncio.ensure_future(world.write(("b", "one\n", "two\n"), ("a", "one\n", "two\n")))
    await world.port.asked.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert b.read_text() == "one\n"
