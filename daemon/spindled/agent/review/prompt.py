"""What makes a model a reviewer."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def review_instructions() -> str:
    return Path(__file__).with_name("instructions.md").read_text(encoding="utf-8")
