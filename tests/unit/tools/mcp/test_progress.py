"""Progress as lines, and not more of them than anyone can read."""

from __future__ import annotations

from spindled.tools.mcp.progress import BURST, PER_SECOND, Progress


def test_a_message_is_told_as_it_is_and_numbers_as_numbers() -> None:
    lines: list[str] = []
    progress = Progress(lines.append, now=lambda: 0.0)
    progress(1, 3, "step one")
    progress(2, 3, None)
    progress(2.5, None, None)
    assert lines == ["step one", "2/3", "2.5"]


def test_a_flood_is_thinned_out() -> None:
    at = 0.0
    lines: list[str] = []
    progress = Progress(lines.append, now=lambda: at)
    for step in range(1000):
        progress(step, None, None)
    assert len(lines) == BURST
    at = 1.0
    for step in range(1000):
        progress(step, None, None)
    assert len(lines) == BURST + PER_SECOND
