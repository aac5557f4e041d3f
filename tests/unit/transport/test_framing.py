"""Any cutting of a stream into chunks gives the same messages."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spindled.transport.base import Line
from spindled.transport.framing import CONTENT_LENGTH, LINES, BodySplitter

LIMIT = 8

headers = st.sampled_from(
    [b"Content-Length: %d\r\n\r\n", b"content-length:%d\n\n", b"X: y\r\nContent-Length: %d\r\n\r\n"]
)


@given(st.lists(st.tuples(headers, st.binary(max_size=10))), st.data())
def test_chunks_do_not_matter(messages: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    stream = b"".join(header % len(body) + body for header, body in messages)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))) | {0, len(stream)})
    splitter = BodySplitter(LIMIT)
    found = [body for a, b in pairwise(cuts) for body in splitter.feed(stream[a:b])]
    expected: list[Line] = [body if len(body) <= LIMIT else None for _, body in messages]
    assert found + splitter.finish() == expected


@given(st.lists(st.binary(min_size=1).filter(lambda body: b"\n" not in body)))
def test_what_is_wrapped_is_split_again(messages: list[bytes]) -> None:
    lines = b"".join(message + b"\n" for message in messages)
    assert CONTENT_LENGTH.splitter(1000).feed(CONTENT_LENGTH.wrap(lines)) == messages
    assert LINES.wrap(lines) == lines


def test_a_body_that_is_too_long_is_not_kept() -> None:
    splitter = BodySplitter(1000)
    tracemalloc.start()
    try:
        assert splitter.feed(b"Content-Length: 100000000\r\n\r\n") == [None]
        for _ in range(1000):
            assert splitter.feed(b"x" * 100_000) == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert splitter.feed(b"Content-Length: 2\r\n\r\n{}") == [b"{}"]


def test_what_is_no_header_is_passed_over() -> None:
    splitter = BodySplitter(1000)
    assert splitter.feed(b"Content-Length: -5\r\n\r\nnonsense\r\n\r\nContent-Length: 2\r\n\r\n{}") == [b"{}"]
    assert splitter.feed(b"x" * 100_000) == []
    assert splitter.feed(b"\r\nContent-Length: 2\r\n\r\n{}") == [b"{}"]
