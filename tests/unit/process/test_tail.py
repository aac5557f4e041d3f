from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spindled.process.tail import HeadTail


@given(st.lists(st.binary(max_size=40)), st.integers(1, 64))
def test_keeps_both_ends_and_counts_the_rest(chunks: list[bytes], limit: int) -> None:
    buffer = HeadTail(limit)
    for chunk in chunks:
        buffer.append(chunk)
    whole = b"".join(chunks)
    head, end = buffer.parts()
    assert buffer.total == len(whole)
    assert len(head) + len(end) + buffer.dropped == len(whole)
    assert len(head) + len(end) <= limit
    assert whole.startswith(head)
    assert whole.endswith(end)
    if len(whole) <= limit:
        assert head + end == whole


@given(st.text(), st.integers(8, 40))
def test_a_cut_never_shows_half_a_character(text: str, limit: int) -> None:
    data = text.encode("utf-8")
    buffer = HeadTail(limit)
    buffer.append(data)
    shown = buffer.text()
    assert (
        shown.count("\ufffd") == text.count("\ufffd")
        if not buffer.dropped
        else "\ufffd" not in shown or "\ufffd" in text
    )


def test_the_gap_is_named() -> None:
    buffer = HeadTail(4)
    buffer.append(b"abcdefgh")
    assert buffer.text() == "ab\n[... 4 bytes left out ...]\ngh"
