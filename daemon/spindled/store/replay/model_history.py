"""What the model had been told when a thread was last written: read row by row, and only when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw

from spindled.store.errors import DAMAGE
from spindled.store.rollout.payloads import Compacted

Item = dict[str, Any]

# Of the reference's own bookkeeping; no provider takes it.
_NOT_FOR_THE_MODEL = "internal_chat_message_metadata_passthrough"

_decode_item = msgspec.json.Decoder(Item).decode
_decode_base = msgspec.json.Decoder(Compacted).decode


class ModelHistory(Iterable[Item]):
    """Iterate for Responses items, as stored since the last compaction; calls may lack outputs after a crash.

    Each time they are read anew. What is damaged is skipped, with a word in `warnings`.
    """

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings
        self._base: Raw | None = None
        self._rows: list[Raw] = []
        self.add = self._rows.append
        """Take in the payload of a `response_item` row."""

    def restart(self, compacted: Raw) -> None:
        """Forget all before this compaction."""
        self._base = compacted
        self._rows.clear()

    def __iter__(self) -> Iterator[Item]:
        for item in self._read():
            item.pop(_NOT_FOR_THE_MODEL, None)
            yield item

    def _read(self) -> Iterator[Item]:
        if self._base is not None:
            try:
                base = _decode_base(self._base)
            except DAMAGE:
                self._warnings.append("a damaged compaction was skipped")
            else:
                yield from _replacement(base)
        for payload in self._rows:
            try:
                item = _decode_item(payload)
            except DAMAGE:
                self._warnings.append("a damaged history item was skipped")
            else:
                yield item


def _replacement(base: Compacted) -> list[Item]:
    if base.replacement_history is None:  # older rollouts keep the summary alone
        summary = {"type": "input_text", "text": base.message}
        return [{"type": "message", "role": "user", "content": [summary]}]
    return base.replacement_history
