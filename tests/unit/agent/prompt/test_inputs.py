from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from spindled.agent.prompt.inputs import InputError, PreparedInput
from spindled_protocol.types import ImageUserInput, LocalImageUserInput, MentionUserInput, TextUserInput

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def parts(*inputs: Any) -> list[dict[str, Any]]:
    return await PreparedInput(list(inputs), None).content()


async def test_text_mentions_and_inline_images() -> None:
    found = await parts(
        TextUserInput(text="look"),
        MentionUserInput(name="doc", path="/d"),
        ImageUserInput(url="data:image/png;base64,AA"),
    )
    assert [part["type"] for part in found] == ["input_text", "input_text", "input_image"]
    assert found[1]["text"] == "[doc](/d)"
    assert found[2]["detail"] == "auto"


async def test_a_local_image_stands_between_tags_that_name_it(tmp_path: Path) -> None:
    path = tmp_path / 'a "b" <c>.png'
    path.write_bytes(PNG)
    before, image, after = await parts(LocalImageUserInput(path=str(path)))
    assert before["text"].startswith('<image number=1 path="')
    assert "&quot;b&quot; &lt;c&gt;" in before["text"]
    assert image["image_url"].startswith("data:image/png;base64,")
    assert after["text"] == "</image>"


@pytest.mark.parametrize("content", [None, b"no image"])
async def test_an_image_that_cannot_be_shown_becomes_a_note(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.png"
    if content is not None:
        path.write_bytes(content)
    [note] = await parts(LocalImageUserInput(path=str(path)))
    assert "could not be read" in note["text"]


def test_images_elsewhere_are_refused() -> None:
    with pytest.raises(InputError, match="remote image URLs"):
        PreparedInput([ImageUserInput(url="https://example.org/x.png")], None)
    with pytest.raises(InputError, match="data URL"):
        PreparedInput([ImageUserInput()], None)


def test_the_preview_is_the_text() -> None:
    inputs = [TextUserInput(text=" a "), MentionUserInput(name="n", path="p"), TextUserInput(text="b ")]
    assert PreparedInput(inputs, None).preview() == "a \nb"
