"""Any cutting of a stream into chunks gives the same lines."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spindled.transport.base import Line
from spindled.transport.lines import LineSplitter

LIMIT = 8

pieces = [b"a", b"bc", b"{}", b"\n", b"\r", b"\r\n", b"x" * 7, b"\xc3\xa4", b"0123456789"]
streams = st.lists(st.sampled_from(pieces)).map(b"".join)


def lines_of(stream: bytes) -> list[Line]:
    """The definition, without chunks."""
    lines = [line.removesuffix(b"\r") for line in stream.split(b"\n")]
    return [line if len(line) <= LIMIT else None for line in lines if line]


@given(streams, st.data())
def test_chunks_do_not_matter(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))) | {0, len(stream)})
    splitter = LineSplitter(LIMIT)
    lines = [line for a, b in pairwise(cuts) for line in splitter.feed(stream[a:b])]
    assert lines + splitter.finish() == lines_of(stream)


def test_a_line_that_is_too_long_is_not_kept() -> None:
    splitter = LineSplitter(1000)
    chunk = b"x" * 100_000
    tracemalloc.start()
    try:
        for _ in range(1000):
            assert splitter.feed(chunk) == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert splitter.feed(b"\nnext\n") == [None, b"next"]


def test_a_line_of_the_limit_passes() -> None:
    assert LineSplitter(3).feed(b"abc\r\nabcd\n") == [b"abc", None]
