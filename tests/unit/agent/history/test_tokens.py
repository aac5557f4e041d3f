"""Estimates, the meter, and the numbers in a provider's refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.history.tokens import (
    IMAGE_TOKENS,
    ContextMeter,
    after_last_answer,
    estimate,
    estimate_all,
    overflow_in,
)
from spindled.agent.prompt.prompt import message

CALL = {"type": "function_call", "call_id": "a", "name": "echo", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "a", "output": "x" * 400}


def test_four_bytes_are_a_token() -> None:
    assert estimate("x" * 398) == 101
    assert estimate("é" * 199) == 101
    assert 100 <= estimate(message("user", "x" * 400)) <= 130


@pytest.mark.parametrize("name", ["content", "output"])
def test_an_image_counts_the_same_whatever_its_size(name: str) -> None:
    def picture(size: int) -> dict[str, Any]:
        return {"type": "message", name: [{"type": "input_image", "image_url": "data:" + "x" * size}]}

    assert estimate(picture(1_000_000)) == estimate(picture(10))
    assert IMAGE_TOKENS < estimate(picture(10)) < IMAGE_TOKENS + 20


def test_what_the_model_has_not_seen() -> None:
    assert after_last_answer([]) == 0
    assert after_last_answer([message("user", "a")]) == 0
    assert after_last_answer([message("user", "a"), message("assistant", "b"), message("user", "c")]) == 2
    assert after_last_answer([message("user", "a"), CALL, OUTPUT, message("user", "c")]) == 2


def test_the_meter_adds_what_came_after_the_report() -> None:
    meter = ContextMeter()
    items = [message("user", "x" * 4000), CALL, OUTPUT]
    meter.reported(50, items)
    assert meter.size(items) == 50 + estimate(OUTPUT)
    assert meter.size(items) == 50 + estimate(OUTPUT)
    items.append(message("user", "more"))
    assert meter.size(items) == 50 + estimate(OUTPUT) + estimate(items[-1])


def test_without_a_report_all_is_estimated() -> None:
    items = [message("user", "x" * 4000), message("assistant", "y" * 4000)]
    assert ContextMeter().size(items) == estimate_all(items)


def test_a_history_that_became_shorter_is_estimated_anew() -> None:
    meter = ContextMeter()
    items = [message("user", "x" * 4000), message("assistant", "y" * 4000)]
    meter.size(items)
    assert meter.size(items[:1]) == estimate_all(items[:1])


@given(st.lists(st.text(max_size=50), max_size=20), st.integers(min_value=0, max_value=20))
def test_the_meter_does_not_depend_on_when_it_is_read(texts: list[str], when: int) -> None:
    items = [message("user", text) for text in texts]
    meter = ContextMeter()
    meter.size(items[:when])
    assert meter.size(items) == estimate_all(items)


@pytest.mark.parametrize(
    ("text", "requested", "maximum"),
    [
        (
            "This model's maximum context length is 8,192 tokens, however you requested 9,000 tokens "
            "(8,000 in the messages, 1,000 in the completion).",
            9000,
            8192,
        ),
        ("maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.", 130001, 128000),
        ("prompt is too long: 210000 tokens > 200000 maximum", 210000, 200000),
        ("request (9000 tokens) exceeds the available context size (8192 tokens)", 9000, 8192),
        ("This endpoint's maximum context length is 4096 tokens. You requested about 5000 tokens.", 5000, 4096),
        ("Your input exceeds the context window of this model.", None, None),
        ("requested , tokens", None, None),
        ("", None, None),
    ],
)
def test_numbers_of_a_refusal(text: str, requested: int | None, maximum: int | None) -> None:
    assert overflow_in(text) == (requested, maximum)


@given(st.text(max_size=200))
def test_any_refusal_can_be_read(text: str) -> None:
    overflow_in(text)
