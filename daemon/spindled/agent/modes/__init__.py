"""Collaboration modes: what they are called, and what the model is told in each."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spindled_protocol.types import ModeKind


@cache
def instructions(mode: ModeKind) -> str:
    """Our own instructions, used where a client gives none."""
    return (Path(__file__).parent / f"{mode}.md").read_text(encoding="utf-8").strip()
