from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.api.reading.pages import page
from spindled.rpc.errors import RpcError


class Params(NamedTuple):
    cursor: str | None = None
    limit: int | None = None


@given(st.lists(st.integers(), max_size=20), st.integers(0, 7))
def test_the_pages_together_are_the_list(entries: list[int], limit: int) -> None:
    seen, cursor = page(Params(limit=limit), entries)
    while cursor is not None:
        more, following = page(Params(cursor, limit), entries)
        assert 0 < len(more) <= max(limit, 1)
        seen, cursor = seen + more, following
    assert seen == entries


@pytest.mark.parametrize("cursor", ["", "x", "-1", "3", "1.0", "²", "9" * 5000])
def test_what_is_no_cursor(cursor: str) -> None:
    with pytest.raises(RpcError, match="invalid cursor"):
        page(Params(cursor), [1, 2])
