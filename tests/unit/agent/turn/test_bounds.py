from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.turn.bounds import HEADER_ROOM, bounded

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}


def text(value: str) -> dict[str, Any]:
    return {"type": "input_text", "text": value}


def test_short_output_is_left_alone() -> None:
    assert bounded("short", 100) == "short"
    assert bounded("a" * (400 + HEADER_ROOM), 100) == "a" * (400 + HEADER_ROOM)
    assert bounded([], 100) == []
    assert bounded([text(""), IMAGE], 100) == [text(""), IMAGE]


def test_long_output_keeps_its_beginning_and_its_end() -> None:
    """Tool output is truncated head and tail by token budget."""
    cut = bounded(f"begin{'-' * 40_000}end", 100)
    assert isinstance(cut, str)
    assert cut.startswith("begin---")
    assert cut.endswith("---end")
    assert "tokens left out ..." in cut
    assert len(cut) < 500


def test_the_parts_of_an_output_share_the_budget() -> None:
    parts = [text("begin"), *[text("-" * 1000)] * 50, IMAGE, text("end")]
    cut = bounded(parts, 100)
    assert isinstance(cut, list)
    assert cut[0] == text("begin")
    assert cut[-2:] == [IMAGE, text("end")]
    assert sum(len(part.get("text", "")) for part in cut) < 500
    assert sum("left out" in part.get("text", "") for part in cut) == 1
    assert "" not in [part.get("text") for part in cut]


def test_text_that_cannot_be_encoded_is_made_encodable() -> None:
    cut = bounded("a\ud800b", 100)
    assert cut == "a?b"
    assert bounded([text("\udfff")], 100) == [text("?")]


@given(st.lists(st.text(max_size=3000), max_size=6), st.integers(1, 300))
def test_never_longer_than_asked(texts: list[str], tokens: int) -> None:
    cut = bounded([text(value) for value in texts], tokens)
    assert isinstance(cut, list)
    size = sum(len(part["text"].encode()) for part in cut)
    assert size <= tokens * 4 + HEADER_ROOM
    if sum(len(value.encode()) for value in texts) <= tokens * 4:
        assert [part["text"] for part in cut] == texts
