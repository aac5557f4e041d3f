from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from spindled.tools.base import ToolError, ToolOptions
from spindled.tools.files.text_files import DISK, FileEdit
from spindled.tools.registry import Registry


class Buffers:
    """An editor that holds one file."""

    shared = True

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def read(self, path: Path) -> str | None:
        return self.text if path == self.path else DISK.read(path)

    def unsaved(self) -> list[Path]:
        return [self.path]

    async def write(self, edits: Sequence[FileEdit], label: str) -> list[Path]:
        (edit,) = edits
        self.text = edit.after or ""
        return [self.path]


@pytest.fixture
def editor(context: Any, tmp_path: Path) -> Buffers:
    (tmp_path / "a.txt").write_text("disk\n")
    context.files = Buffers(tmp_path / "a.txt", "typed\n")
    context.tool_options = replace(context.tool_options, read_file=True)
    return context.files


def test_only_where_texts_may_be_elsewhere_than_on_disk(options: ToolOptions) -> None:
    names = [spec["name"] for spec in Registry().specs(replace(options, read_file=True))]
    assert "read_file" in names
    assert "read_file" not in [spec["name"] for spec in Registry().specs(options)]


async def test_what_the_user_sees(context: Any, editor: Buffers) -> None:
    assert (await context.call("read_file", path="a.txt")).content == "typed"
    editor.text = "".join(f"{n}\n" for n in range(1, 5001))
    assert (
        await context.call("read_file", path="a.txt", first_line=4999)
    ).content == "4999\n5000\n[lines 4999 to 5000 of 5000]"
    assert (await context.call("read_file", path="a.txt", lines=1)).content == "1\n[lines 1 to 1 of 5000]"


async def test_what_cannot_be_read(context: Any, editor: Buffers, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, reason in [("none", "no such file"), ("binary", "is not UTF-8"), (".", "regular file|cannot be read")]:
        with pytest.raises(ToolError, match=reason):
            await context.call("read_file", path=name)


async def test_a_patch_of_the_buffer_says_what_commands_do_not_see(
    context: Any, editor: Buffers, tmp_path: Path
) -> None:
    output = await context.patch("*** Begin Patch\n*** Update File: a.txt\n@@\n-typed\n+patched\n*** End Patch\n")
    assert editor.text == "patched\n"
    assert (tmp_path / "a.txt").read_text() == "disk\n"
    assert output.content.endswith(f"commands still see the old files:\n{tmp_path / 'a.txt'}\n")
