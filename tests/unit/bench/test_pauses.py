"""The benchmark of pauses runs and prints its table; what the figures are is nobody's business here."""

from __future__ import annotations

from tests.bench.pauses import measure, table


async def test_every_pause_is_measured() -> None:
    pauses = await measure(runs=1, tokens=5_000, output=100_000)
    assert len(pauses) == 10
    assert all(each >= 0 for times in pauses.values() for each in times)
    assert len(table(pauses).splitlines()) == 11
