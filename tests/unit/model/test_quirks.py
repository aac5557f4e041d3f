"""Which endpoint and which model want what."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from spindled.config.schema import Provider
from spindled.model.quirks import CHAT, MESSAGES, Quirks, chat_quirks, messages_quirks

OWN = Provider(id="own", base_url="http://127.0.0.1:8000/v1")


def at(base_url: str) -> Provider:
    return replace(OWN, base_url=base_url)


def test_unknown_endpoints() -> None:
    assert chat_quirks(OWN, "qwen3") == CHAT
    assert messages_quirks(OWN, "qwen3") == MESSAGES
    assert chat_quirks(replace(OWN, base_url=None), "m") == chat_quirks(at("http://[oops"), "m") == CHAT


def test_by_host_before_id() -> None:
    """Row 4-52."""
    assert chat_quirks(at("https://api.openai.com/v1"), "m").max_tokens_field == "max_completion_tokens"
    assert chat_quirks(at("https://team.openai.azure.com/v1"), "m").openai_members
    assert not chat_quirks(at("https://api.openai.com.example/v1"), "m").openai_members
    assert chat_quirks(replace(OWN, id="deepseek"), "m").reasoning_required
    there = replace(at("https://api.mistral.ai/v1"), id="deepseek")
    assert chat_quirks(there, "m").short_call_ids
    assert not chat_quirks(there, "m").reasoning_required


@pytest.mark.parametrize(
    ("model", "thinking", "output_format"),
    [
        ("claude-3-5-haiku-20241022", "none", False),
        ("claude-3-7-sonnet-latest", "budget", False),
        ("claude-sonnet-4-20250514", "budget", False),
        ("claude-opus-4-1-20250805", "budget", False),
        ("claude-sonnet-4-5", "budget", True),
        ("anthropic/claude-opus-4.6", "adaptive", True),
        ("us.anthropic.claude-opus-4-7-v1:0", "adaptive", True),
        ("something-else", "budget", True),
    ],
)
def test_models_of_anthropic(model: str, thinking: str, output_format: bool) -> None:
    quirks = messages_quirks(at("https://api.anthropic.com/v1"), model)
    assert (quirks.thinking, quirks.output_format) == (thinking, output_format)


def test_efforts() -> None:
    some = Quirks(efforts=("low", "high", "max"))
    taken = {wanted: some.effort(wanted) for wanted in ("minimal", "low", "medium", "xhigh", "ultra", "odd", None)}
    assert taken == {
        "minimal": "low",
        "low": "low",
        "medium": "low",
        "xhigh": "high",
        "ultra": "max",
        "odd": "odd",
        None: None,
    }
    assert Quirks().effort("xhigh") == "xhigh"
