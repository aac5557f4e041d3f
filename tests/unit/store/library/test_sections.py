from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.store.library.errors import LibraryError
from spindled.store.library.library import Library
from spindled.store.library.positions import STEP, place
from spindled.store.library.sections import PINNED
from spindled_protocol.types import ThreadSectionAppearance


def order(library: Library, section_id: str) -> list[str]:
    return [member.thread_id for member in library.sections.members(section_id)]


def test_any_number_of_threads_goes_before_the_same_one(library: Library) -> None:
    """More often than the room between two numbers allows."""
    section = library.sections.create("S", None).id
    library.sections.move("last", section, None, 1)
    library.sections.move("0", section, "last", 1)
    for number in range(1, 45):
        library.sections.move(str(number), section, "last", 1)
    assert order(library, section) == [*map(str, range(45)), "last"]


def test_the_time_of_entry_stays_within_a_section(library: Library) -> None:
    sections = library.sections
    section = sections.create("S", None).id
    sections.move("a", section, None, 1)
    sections.move("b", section, None, 2)
    sections.move("b", section, "a", 3)
    entered = {member.thread_id: member.entered_at for member in sections.members(section)}
    assert entered == {"a": 1, "b": 2}
    sections.move("b", PINNED.id, None, 4)
    assert (member := sections.membership("b")) is not None
    assert member.entered_at == 4


def test_an_appearance_has_bounds(library: Library) -> None:
    with pytest.raises(LibraryError, match="icon must not exceed 64 bytes"):
        library.sections.create("S", ThreadSectionAppearance(icon="ä" * 33))
    assert library.sections.create("S", ThreadSectionAppearance(icon="ä" * 32)).appearance is not None


@given(st.lists(st.integers(0, 8), max_size=60))
def test_places_stay_in_order(moves: list[int]) -> None:
    taken: list[int] = []
    for move in moves:
        before = move if move < len(taken) else None
        number = place(taken, before)
        if number is None:  # no room: what a caller then does
            taken = [index * STEP for index in range(1, len(taken) + 1)]
            number = place(taken, before)
        assert number is not None
        taken.insert(len(taken) if before is None else before, number)
        assert taken == sorted(set(taken))
