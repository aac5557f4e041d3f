from __future__ import annotations

import base64 as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.api.host import base64

PIECE = 3 << 18  # more than one is converted in several steps


@given(st.binary())
def test_what_is_encoded_is_what_the_standard_says_and_comes_back(data: bytes) -> None:
    assert base64.encode(data) == standard.b64encode(data).decode()
    assert base64.decode(base64.encode(data)) == data


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 2])
def test_large_data_too(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    assert base64.decode(base64.encode(data[:size])) == data[:size]


@given(st.text("AZaz09+/=-_ é\n", max_size=12))
def test_only_the_one_right_form_is_taken(text: str) -> None:
    try:
        right = standard.b64encode(standard.b64decode(text, validate=True)).decode() == text
    except ValueError:
        right = False
    if right:
        assert base64.decode(text) == standard.b64decode(text)
    else:
        with pytest.raises(ValueError):
            base64.decode(text)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("aGVsbG8", "Invalid padding"),
        ("aGV sbG8=", "Invalid symbol 32, offset 3."),
        ("aGVsbG9=", "Invalid last symbol 57, offset 6."),
        ("aGVsbG8==", "Invalid symbol 61, offset 7."),
        ("a", "Invalid input length: 1"),
        ("a-_=", "Invalid symbol 45, offset 1."),
        ("aGk=aGk=", "Invalid symbol 61, offset 3."),
        ("=", "Invalid symbol 61, offset 0."),
        ("aaaaé", "Invalid symbol 195, offset 4."),
        ("A" * (4 << 18) + "%", f"Invalid symbol 37, offset {4 << 18}."),
        ("A" * ((4 << 18) - 2) + "==AAAA", f"Invalid symbol 61, offset {(4 << 18) - 2}."),
    ],
)
def test_the_mistake_and_its_place(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake.replace(".", r"\.")):
        base64.decode(text)
