from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spindled.agent.prompt.unsaved import Unsaved
from spindled.agent.turn.notes import is_note
from spindled.tools.files.text_files import FileEdit


class Files:
    shared = True

    def __init__(self, *paths: Path) -> None:
        self.paths = [*paths]

    def read(self, path: Path) -> str | None:
        return None

    def unsaved(self) -> list[Path]:
        return [*self.paths]

    async def write(self, edits: Sequence[FileEdit], label: str) -> list[Path]:
        return []


def test_told_once_for_each_change() -> None:
    files = Files(Path("/w/a<b"))
    unsaved = Unsaved(files)
    (item,) = unsaved.news()
    assert is_note(item)
    assert "- /w/a&lt;b\n" in item["content"][0]["text"]
    assert unsaved.news() == []
    files.paths.clear()
    assert "saved now" in unsaved.news()[0]["content"][0]["text"]
    assert unsaved.news() == []
