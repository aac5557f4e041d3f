"""What clients compute of the context that is left, from what they are told of the tokens."""

from __future__ import annotations

import pytest

from tests.conformance.steps import open_thread
from tests.support.client import Client
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import of

BASELINE = 12_000
"""Tokens that a conversation begins with: clients take them for nothing used."""


def percent_left(tokens: int, window: int) -> int:
    """As clients of the protocol show it."""
    if window <= BASELINE:
        return 0
    room = window - BASELINE
    used = max(0, tokens - BASELINE)
    return round(100 * max(0, room - used) / room)


@pytest.mark.parametrize(("tokens", "left"), [(300, 100), (12_000, 100), (135_200, 50), (258_400, 0), (300_000, 0)])
async def test_the_window_is_the_share_that_a_turn_may_use(
    client: Client, provider: FakeProvider, tokens: int, left: int
) -> None:
    """Row 4-30: 95 % of the model's 272,000, and the tokens of the last response, not their sum."""
    for counted in (500, tokens):
        usage = {"input_tokens": counted - 100, "output_tokens": 100, "total_tokens": counted}
        provider.script(stream(message("ok"), usage=usage))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    told = of(await client.run_turn(thread, "second"), "thread/tokenUsage/updated")[-1]["tokenUsage"]
    assert told["modelContextWindow"] == 258_400
    assert told["total"]["totalTokens"] == 500 + tokens
    assert percent_left(told["last"]["totalTokens"], told["modelContextWindow"]) == left
