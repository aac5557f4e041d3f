from __future__ import annotations

from spindled.agent.history.usage import UsageMeter
from spindled.model.events import Usage


def test_tokens_add_up_and_the_last_response_stands_alone() -> None:
    meter = UsageMeter()
    assert not meter.known
    meter.add(
        Usage(input_tokens=10, cached_input_tokens=4, output_tokens=2, reasoning_output_tokens=1, total_tokens=12)
    )
    meter.add(Usage(input_tokens=20, output_tokens=3, total_tokens=23))
    shown = meter.snapshot(1000)
    assert (shown.total.inputTokens, shown.total.cachedInputTokens, shown.total.totalTokens) == (30, 4, 35)
    assert (shown.last.inputTokens, shown.last.totalTokens) == (20, 23)
    assert shown.modelContextWindow == 1000
    assert UsageMeter(shown).total == shown.total
    assert UsageMeter(shown).known
