from __future__ import annotations

from pathlib import Path

import pytest

from spindled.agent.edits import CannotUndo, Edits
from spindled.tools.base import FileSnapshot
from spindled.tools.files.text_files import DISK


def snapshot(path: Path, before: str | None, after: str | None, moved_from: Path | None = None) -> FileSnapshot:
    return FileSnapshot(path=path, before=before, after=after, moved_from=moved_from)


async def test_all_that_one_turn_did_is_undone(tmp_path: Path) -> None:
    changed, new, moved, gone = (tmp_path / name for name in ("changed", "new", "moved", "gone"))
    changed.write_text("3")
    new.write_text("new")
    moved.write_text("m2")
    edits = Edits()
    edits.note("earlier", [snapshot(tmp_path / "other", "x", "y")])
    edits.note("turn", [snapshot(changed, "1", "2"), snapshot(new, None, "new")])
    edits.note("turn", [snapshot(changed, "2", "3"), snapshot(moved, "m1", "m2", tmp_path / "was")])
    edits.note("turn", [snapshot(gone, "text", None)])
    assert set(await edits.undo(DISK)) == {changed, new, moved, gone, tmp_path / "was"}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"changed": "1", "was": "m1", "gone": "text"}
    with pytest.raises(CannotUndo, match="no edits"):
        await edits.undo(DISK)


async def test_nothing_is_undone_where_one_file_was_changed_since(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("2")
    b.write_text("2, and mine")
    edits = Edits()
    edits.note("turn", [snapshot(a, "1", "2"), snapshot(b, "1", "2")])
    with pytest.raises(CannotUndo, match="was changed since"):
        await edits.undo(DISK)
    assert (a.read_text(), b.read_text()) == ("2", "2, and mine")
    b.write_text("2")
    await edits.undo(DISK)


async def test_what_cancels_itself_out_is_no_edit(tmp_path: Path) -> None:
    edits = Edits()
    edits.note("turn", [snapshot(tmp_path / "a", None, "1")])
    edits.note("turn", [snapshot(tmp_path / "a", "1", None)])
    with pytest.raises(CannotUndo, match="no edits"):
        await edits.undo(DISK)
