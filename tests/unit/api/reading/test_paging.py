from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.api.reading.paging import MAX_LIMIT, cut, page_cursors, pick, viewed
from spindled.rpc.errors import RpcError
from spindled.store.replay.stored_turns import StoredTurn, StoredTurns
from spindled_protocol.types import AgentMessageThreadItem, TextUserInput, Turn, UserMessageThreadItem

kinds = st.sampled_from(["turn", "item"])
counts = st.integers(0, 60)
limits = st.one_of(st.none(), st.integers(-1, 70))


def walk(kind: str, count: int, limit: int | None, ascending: bool, cursor: str | None = None) -> list[list[int]]:
    pages: list[list[int]] = []
    while True:
        page = cut(kind, count, cursor, limit, ascending)
        pages.append(pick(range(count), page))
        cursor = page.next_cursor
        if cursor is None:
            return pages


@given(kinds, counts, limits, st.booleans())
def test_walking_visits_everything_once(kind: str, count: int, limit: int | None, ascending: bool) -> None:
    pages = walk(kind, count, limit, ascending)
    visited = [place for page in pages for place in page]
    assert visited == (list(range(count)) if ascending else list(reversed(range(count))))
    assert all(pages[:-1])
    assert count == 0 or pages[-1]  # no empty page at the end


@given(kinds, st.integers(1, 60), st.integers(1, 20), st.booleans(), st.data())
def test_turning_back_on_any_page(kind: str, count: int, limit: int, ascending: bool, data: st.DataObject) -> None:
    cursor = None
    for _ in range(data.draw(st.integers(0, (count - 1) // limit))):
        cursor = cut(kind, count, cursor, limit, ascending).next_cursor
    page = cut(kind, count, cursor, limit, ascending)
    back = walk(kind, count, limit, not ascending, page.backwards_cursor)
    first = pick(range(count), page)[0]
    visited = [place for each in back for place in each]
    assert visited == (list(range(first, -1, -1)) if ascending else list(range(first, count)))


@given(kinds, st.integers(0, 40), st.integers(1, 10), st.integers(1, 20))
def test_what_is_added_meanwhile_comes_at_the_end(kind: str, count: int, limit: int, more: int) -> None:
    page = cut(kind, count, None, limit, ascending=True)
    if page.next_cursor is not None:
        rest = walk(kind, count + more, limit, True, page.next_cursor)
        visited = [*pick(range(count), page), *(place for each in rest for place in each)]
        assert visited == list(range(count + more))


@given(kinds, counts, st.text(max_size=12), st.booleans())
def test_any_cursor_gives_a_page_or_is_refused(kind: str, count: int, text: str, ascending: bool) -> None:
    for cursor in (text, f"{kind}:{text}", f"{kind}:={text}"):
        try:
            page = cut(kind, count, cursor, 5, ascending)
        except RpcError as error:
            assert "invalid cursor" in error.message
        else:
            assert len(pick(range(count), page)) <= 5


@pytest.mark.parametrize(
    "cursor", ["item:1", "turn:", "turn:-1", "turn:1.0", "turn:==1", "turn:²", "turn:" + "9" * 5000]
)
def test_cursors_that_are_not_ours(cursor: str) -> None:
    with pytest.raises(RpcError, match="invalid cursor"):
        cut("turn", 3, cursor, None, ascending=True)


def test_a_place_beyond_the_end_is_an_empty_page() -> None:
    page = cut("turn", 3, "turn:9", None, ascending=True)
    assert (pick(range(3), page), page.next_cursor, page.backwards_cursor) == ([], None, None)


def test_backwards_from_beyond_the_end_is_from_the_end() -> None:
    """A cursor may be older than a revert, or have counted items that are damaged."""
    assert walk("item", 5, 2, False, "item:=9") == [[4, 3], [2, 1], [0]]


def test_pages_are_bounded() -> None:
    assert len(pick(range(5000), cut("item", 5000, None, 4000, ascending=True))) == MAX_LIMIT


def turn(*texts: str) -> Turn:
    user = UserMessageThreadItem(id="u", clientId=None, content=[TextUserInput(text="q")])
    answers = [AgentMessageThreadItem(id=text, text=text) for text in texts]
    return Turn(id="t", rootTurnId="t", items=[user, *answers], itemsView="full", status="completed")


def test_views_of_a_turn() -> None:
    assert len(viewed(turn("a", "b"), "full").items) == 3
    assert [item.id for item in viewed(turn("a", "b"), "summary").items] == ["u", "b"]  # type: ignore[union-attr]
    shown = viewed(turn("a"), "notLoaded")
    assert (shown.items, shown.itemsView) == ([], "notLoaded")


def test_where_paging_backwards_begins() -> None:
    assert page_cursors(StoredTurns()) == (None, None)
    cursors = page_cursors(StoredTurns([StoredTurn(turn("a")), StoredTurn(turn("b", "c"))]))
    assert cursors == ("turn:=1", "item:=4")
    assert pick(range(5), cut("item", 5, cursors.items, 2, ascending=False)) == [4, 3]
