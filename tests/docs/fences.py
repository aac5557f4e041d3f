"""Fenced blocks of Markdown, with the place they stand at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """`follows`: the block right before this one in the document, if any."""

    place: str
    language: str
    text: str
    follows: Block | None


def blocks(language: str = "") -> list[Block]:
    """Every block of the documents, or those of one language."""
    found: list[Block] = []
    for path in DOCUMENTS:
        text, before = path.read_text(encoding="utf-8"), None
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            before = Block(f"{path.relative_to(ROOT)}:{line}", match[1], match[2], before)
            found.append(before)
    return [block for block in found if language in ("", block.language)]


def links(path: Path) -> list[str]:
    """The targets of links to files, relative to the document."""
    targets = [target.partition("#")[0] for target in _LINK.findall(path.read_text(encoding="utf-8"))]
    return [target for target in targets if target and "://" not in target]
