"""What a delta costs is told for every API, and none is out of proportion to Responses."""

from __future__ import annotations

from tests.bench.adapters import KINDS, measure, ratio, table
from tests.support.broken import APIS

GENEROUS = 3.0
"""The aim is 1.5, on a quiet machine."""


async def test_no_adapter_is_out_of_proportion() -> None:
    costs = await measure(deltas=5_000, runs=5)
    print(table(costs))
    assert len(costs) == len(KINDS) * len(APIS)
    assert all(ratio(costs, kind, api) < GENEROUS for kind in KINDS for api in APIS), table(costs)
