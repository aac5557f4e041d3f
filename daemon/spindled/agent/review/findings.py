"""What a reviewer answers: findings, or text where it did not keep to the form."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from spindled.store.replay.message_items import review_text


class LineRange(Struct):
    start: int
    end: int


class Place(Struct):
    absolute_file_path: str
    line_range: LineRange


class Finding(Struct):
    title: str
    body: str
    code_location: Place
    confidence_score: float = 0.0
    priority: int | None = None


class Review(Struct):
    findings: list[Finding] = []
    overall_correctness: str = ""
    overall_explanation: str = ""
    overall_confidence_score: float = 0.0

    @property
    def text(self) -> str:
        """For people; empty if there is nothing to say."""
        return review_text(msgspec.to_builtins(self))


def parsed(answer: str) -> Review:
    """The review in an answer: the answer itself, an object within it, else all of it as the explanation."""
    for candidate in (answer, answer[answer.find("{") : answer.rfind("}") + 1]):
        review = review_of(candidate)
        if review is not None:
            return review
    return Review(overall_explanation=answer.strip())


def review_of(text: str) -> Review | None:
    """None for what is no review; an object that has none of its members is none."""
    try:
        fields: Any = msgspec.json.decode(text)
        if not isinstance(fields, dict) or not fields.keys() & set(Review.__struct_fields__):
            return None
        return msgspec.convert(fields, Review, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None
