from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from spindled.tools.base import ToolError
from spindled.tools.files.images import MAX_BYTES

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_an_image_is_shown(context: Any, tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(PNG)
    output = await context.call("view_image", path="p.png")
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert output.content == [{"type": "input_image", "image_url": url, "detail": "original"}]
    (started,), (completed,) = context.named("started"), context.named("completed")
    assert (started["type"], started["path"]) == ("imageView", str(tmp_path / "p.png"))
    assert completed["completedAtMs"] >= started["startedAtMs"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\xff\xd8\xff\xe0", "jpeg"), (b"GIF89a..", "gif"), (b"RIFF\0\0\0\0WEBPVP8 ", "webp")],
)
async def test_the_kind_comes_from_the_content(context: Any, tmp_path: Path, data: bytes, kind: str) -> None:
    (tmp_path / "x.bin").write_bytes(data)
    output = await context.call("view_image", path="x.bin")
    assert output.content[0]["image_url"].startswith(f"data:image/{kind};base64,")


@pytest.mark.parametrize("name", ["missing.png", "folder", "text.png", "huge.png", "pipe", "nul\0"])
async def test_what_is_no_image(context: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.png").write_text("not an image")
    with open(tmp_path / "huge.png", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ToolError, match="image was not shown"):
        await context.call("view_image", path=name)
    assert not context.events
