from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.review.findings import parsed

PLACE = {"absolute_file_path": "/w/a", "line_range": {"start": 1, "end": 2}}
FINDING = {"title": "[P1] Bug", "body": "It is\nwrong.", "code_location": PLACE, "priority": 1, "confidence_score": 0.9}
REVIEW = {"findings": [FINDING], "overall_correctness": "patch is incorrect", "overall_explanation": "Because."}
TEXT = "Because.\n\nReview comment:\n\n- [P1] Bug — /w/a:1-2\n  It is\n  wrong."


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(REVIEW),
        f"Here it is:\n```json\n{json.dumps(REVIEW)}\n```\nThat is all.",
        json.dumps(REVIEW, indent=2),
    ],
)
def test_findings(answer: str) -> None:
    review = parsed(answer)
    assert (review.text, len(review.findings), review.findings[0].priority) == (TEXT, 1, 1)


def test_several_findings() -> None:
    text = parsed(json.dumps({**REVIEW, "findings": [FINDING, FINDING]})).text
    assert "Full review comments:" in text and text.count("[P1] Bug") == 2


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("plain words", "plain words"),
        ('{"findings": "x"}', '{"findings": "x"}'),
        ('{"other": 1}', '{"other": 1}'),
        ("", ""),
        (json.dumps({**REVIEW, "findings": [], "overall_explanation": ""}), ""),
        ("[1]", "[1]"),
    ],
)
def test_what_is_no_review_is_the_text(answer: str, text: str) -> None:
    assert parsed(answer).text == text


@given(st.text())
def test_nothing_breaks_it(answer: str) -> None:
    assert isinstance(parsed(answer).text, str)
