"""No output of a tool enters the history longer than configured, whoever made it."""

from __future__ import annotations

from typing import Any

from spindled.tools.commands.exec_output import BYTES_PER_TOKEN, token_count

Content = str | list[dict[str, Any]]

HEADER_ROOM = 1024  # bytes that a tool may put around an output it has cut itself


def bounded(content: Content, max_tokens: int) -> Content:
    """The content with the middle of its text left out if that is longer than `max_tokens`; images are kept.

    Text that cannot be encoded is made so: it would break every later request of the thread.
    """
    if isinstance(content, str):
        return _cut([content], max_tokens)[0]
    texts = [part["text"] for part in content if _is_text(part)]
    cut = iter(zip(texts, _cut(texts, max_tokens), strict=True))
    kept = []
    for part in content:
        if _is_text(part):
            before, after = next(cut)
            kept += [{**part, "text": after}] if after or not before else []
        else:
            kept.append(part)
    return kept


def _is_text(part: dict[str, Any]) -> bool:
    return isinstance(part.get("text"), str)


def _cut(texts: list[str], max_tokens: int) -> list[str]:
    """The texts as one: its beginning and its end, what lies between them left out."""
    parts = [text.encode("utf-8", "replace") for text in texts]
    total, room = sum(map(len, parts)), max(max_tokens, 1) * BYTES_PER_TOKEN
    if total <= room + HEADER_ROOM:
        return [part.decode() for part in parts]
    head, tail = room // 2, total - (room - room // 2)
    gap = f"\n[... {token_count(tail - head)} tokens left out ...]\n"
    kept, start = [], 0
    for part in parts:
        end = start + len(part)
        before, after = part[: max(head - start, 0)], part[max(tail - start, 0) :]
        if end <= head or start >= tail:
            kept.append(part.decode())
        else:
            kept.append(f"{before.decode('utf-8', 'ignore')}{gap}{after.decode('utf-8', 'ignore')}")
            gap = ""
        start = end
    return kept
