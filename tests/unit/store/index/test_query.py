from __future__ import annotations

import msgspec
import pytest

from spindled.store.index.query import ListQuery, page_size, parse_cursor, select
from spindled_protocol.types import ThreadListParams


@pytest.mark.parametrize("cursor", ["rubbish", "", "|", "2026-11-21", "2026-11-21T10:19:13|x", "yesterdayZ"])
def test_other_texts_are_no_cursors(cursor: str) -> None:
    with pytest.raises(ValueError, match=r"^invalid cursor: "):
        parse_cursor(cursor)


def test_takes_the_references_cursors() -> None:
    thread = "01a1fd9e-0230-7ab0-ae56-d75b5d88f37f"
    assert parse_cursor(f"2026-11-21T10:19:13Z|{thread}") == (1_795_256_353_000, thread)
    assert parse_cursor("2026-11-21T10:19:13.345Z") == (1_795_256_353_345, None)


@pytest.mark.parametrize(("asked", "given"), [(None, 25), (0, 1), (7, 7), (100, 100), (5000, 100)])
def test_page_sizes(asked: int | None, given: int) -> None:
    assert page_size(ListQuery(limit=asked)) == given


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (ListQuery(search="x" * 50_000), "searchTerm is too long"),
        (ListQuery(search="%" * 25_000), "searchTerm is too long"),
        (ListQuery(excluded_ids=["x"] * 30_001), "more than 30000 values to filter by"),
    ],
)
def test_what_no_statement_takes(query: ListQuery, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        select(query, "*")


def test_from_the_wire() -> None:
    query = ListQuery.from_params(
        msgspec.convert(
            {
                "cwd": "/w",
                "limit": 3,
                "sortKey": "updated_at",
                "sortDirection": "asc",
                "archived": True,
                "searchTerm": "x",
                "modelProviders": [],
                "sourceKinds": ["cli"],
                "parentThreadId": None,
            },
            ThreadListParams,
        )
    )
    assert query == ListQuery(
        cwds=["/w"], limit=3, sort_key="updated_at", descending=False, archived=True, search="x", source_kinds=["cli"]
    )
    assert ListQuery.from_params(ThreadListParams()) == ListQuery()
    assert ListQuery.from_params(ThreadListParams(cwd=["/a", "/b"])).cwds == ["/a", "/b"]
