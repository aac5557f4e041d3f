"""The splitter against a plain reading of the event-stream grammar, however the bytes are cut."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.sse import EventTooLarge, SSESplitter


def reference(stream: bytes) -> list[bytes]:
    """The data of each whole event, line by line as the grammar has it."""
    events, data = [], None
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    for line in lines[:-1]:
        if not line:
            if data is not None:
                events.append(data)
            data = None
            continue
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value[1:] if value.startswith(b" ") else value
            data = value if data is None else data + b"\n" + value
    return events


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


def split(chunks: list[bytes]) -> list[bytes]:
    splitter = SSESplitter()
    return [data for chunk in chunks for data in splitter.feed(chunk)]


fragments = st.sampled_from(
    [
        *(b"event: response.output_text.delta", b'data: {"delta":"\xc3\xa9\xf0\x9f\xa7\xb5"}', b"data:x", b"data"),
        *(
            b"data:  two spaces",
            b": comment",
            b":",
            b"id: 1",
            b"retry: 10",
            b"\n",
            b"\r\n",
            b"\r",
            b"\n\n",
            b"\r\n\r\n",
        ),
        *(
            b"\r\r",
            b"data: a\ndata: b\n\n",
            b"\xef\xbb\xbf",
            b"event: e\ndata: d\n\n",
            b"datax: no",
            b"event: e\nid: 2\n",
        ),
    ]
)
streams = st.lists(fragments, max_size=40).map(b"".join)


@given(streams, st.lists(st.integers(min_value=0), max_size=30))
def test_any_chunking_gives_the_events_of_the_grammar(stream: bytes, places: list[int]) -> None:
    # A stream that ends in CR may yet turn out to end in CRLF: both mean one line end.
    assert split(cut(stream, places)) == reference(stream)


@given(st.binary(max_size=60), st.lists(st.integers(min_value=0), max_size=10))
def test_arbitrary_bytes(stream: bytes, places: list[int]) -> None:
    assert split(cut(stream, places)) == reference(stream)


def test_byte_by_byte() -> None:
    stream = b'\xef\xbb\xbf: hi\r\nevent: a\r\ndata: {"t":"\xe2\x82\xac"}\r\n\r\ndata: 1\rdata: 2\r\rdata: lost\n'
    assert split([bytes([byte]) for byte in stream]) == [b'{"t":"\xe2\x82\xac"}', b"1\n2"]


def test_an_event_without_its_blank_line_is_not_an_event() -> None:
    assert split([b"data: whole\n\ndata: torn\n"]) == [b"whole"]


def test_one_event_is_bounded() -> None:
    splitter = SSESplitter(max_event_bytes=100)
    with pytest.raises(EventTooLarge, match="more than 100 bytes"):
        for _ in range(20):
            splitter.feed(b"data: 0123456789")


def test_the_bound_is_per_event() -> None:
    splitter = SSESplitter(max_event_bytes=100)
    assert sum(len(splitter.feed(b"data: 0123456789\n\n")) for _ in range(50)) == 50


def test_a_large_event_in_many_chunks() -> None:
    data = b"x" * 3_000_000
    stream = b"event: e\ndata: " + data + b"\n\n"
    assert split([stream[at : at + 1000] for at in range(0, len(stream), 1000)]) == [data]
