from __future__ import annotations

import pytest

from spindled.agent.sampling.efforts import Efforts, next_best
from spindled.config.models.models import lookup

LISTED = (
    "Unsupported value: 'xhigh' is not supported with the 'gpt-5.1-codex-max' model. "
    "Supported values are: 'low', 'medium', and 'high'."
)


@pytest.mark.parametrize(
    ("refused", "message", "known", "expected"),
    [
        ("xhigh", LISTED, (), "high"),
        ("max", 'level "max" not supported, valid levels: low, medium, high, xhigh', (), "xhigh"),
        ("medium", "must be one of ['low', 'high', 'max']", (), "low"),
        ("minimal", "Input should be 'low', 'medium' or 'high'", (), "low"),
        ("low", "Supported values are: 'medium'.", (), "medium"),
        ("minimal", "Supported values are: 'none', 'low'.", (), "none"),
        ("ultra", "reasoning_effort is too much for max_tokens", (), "max"),
        ("ultra", "refused", ("low", "medium", "high"), "high"),
        ("high", "refused", ("low", "medium", "high"), "medium"),
        ("low", "refused", (), "minimal"),
        ("minimal", "refused", (), None),
        ("extreme", "refused", (), "ultra"),
    ],
)
def test_the_next_best(refused: str, message: str, known: tuple[str, ...], expected: str | None) -> None:
    """Row 1-05."""
    assert next_best(refused, message, known) == expected


def test_what_was_refused_is_not_asked_for_again() -> None:
    """Row 1-05."""
    efforts = Efforts(lambda model: lookup(model).efforts)
    assert efforts.accepted("m", "xhigh") == "xhigh"
    assert efforts.lower("m", "xhigh", LISTED) == "high"
    assert efforts.accepted("m", "xhigh") == "high"
    assert efforts.accepted("m", "low") == "low"
    assert efforts.accepted("other", "xhigh") == "xhigh"
    assert efforts.accepted("m", None) is None
    efforts.leave_out("m", "high")
    assert efforts.accepted("m", "xhigh") is None


def test_it_never_goes_round_in_circles() -> None:
    efforts = Efforts(lambda model: lookup(model).efforts)
    assert efforts.lower("m", "minimal", "must be one of low") == "low"
    assert efforts.lower("m", "low", "must be one of minimal") is None
    assert efforts.accepted("m", "minimal") == "low"
