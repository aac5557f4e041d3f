from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.store import ids
from spindled.store.ids import InvalidId, created_ms, new_id, parse_id


def test_is_a_uuid_of_version_7_with_the_time_of_now() -> None:
    before = time.time_ns() // 1_000_000
    value = new_id()
    parsed = uuid.UUID(value)
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    made = created_ms(value)
    assert made is not None
    assert before <= made <= time.time_ns() // 1_000_000 + 1


@given(clock=st.lists(st.integers(min_value=0, max_value=2**47), min_size=1, max_size=60))
def test_grows_strictly_whatever_the_clock_does(clock: list[int]) -> None:
    ticks = iter(clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "_last", 0)
        patch.setattr(time, "time_ns", lambda: next(ticks) * 1_000_000)
        made = [new_id() for _ in clock]
    assert made == sorted(set(made))
    assert {uuid.UUID(value).version for value in made} == {7}


def test_grows_within_one_millisecond_and_across_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: [new_id() for _ in range(2000)], range(4)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({value for batch in batches for value in batch}) == 8000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "nope",
            "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `n` at 1",
        ),
        ("0190", "invalid length: expected length 32 for simple format, found 4"),
        ("0190-0000", "invalid group count: expected 5, found 2"),
        (
            "0190000-0000-7000-8000-000000000000",
            "invalid group length in group 0: expected 8, found 7",
        ),
    ],
)
def test_says_what_is_wrong_with_an_id(text: str, complaint: str) -> None:
    with pytest.raises(InvalidId) as error:
        parse_id(text)
    assert str(error.value) == complaint


@given(st.uuids())
def test_takes_every_spelling_of_a_uuid(value: uuid.UUID) -> None:
    assert {parse_id(text) for text in (str(value), value.hex, value.urn, str(value).upper(), f"{{{value}}}")} == {
        str(value)
    }


@given(st.text(max_size=50))
def test_takes_nothing_else(text: str) -> None:
    with suppress(InvalidId):
        assert parse_id(text) == str(uuid.UUID(text))
