"""The first rows of a rollout: enough for the index without reading the rest."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from spindled.store.index.summary import Summary
from spindled.store.layout import parse_name
from spindled.store.replay.replay import Replay
from spindled.store.rollout.chain import Chain, Find, meta_from_name

_ROWS = 200  # a first message further down than this is not looked for


def read_head(path: Path, find: Find, *, archived: bool) -> Summary:
    """`updated_ms` is the file's time of change. Raises StoreError or OSError, never for damage."""
    chain = Chain(path, find)
    fold = None
    for _, record in islice(chain, _ROWS):
        fold = fold or Replay(chain.meta or meta_from_name(path))
        fold.feed([record])
        if fold.head_is_complete:
            break
    meta = chain.meta or meta_from_name(path)
    thread = (fold or Replay(meta)).finish()
    name = parse_name(path.name)
    created = name.created_ms if name else 0
    summary = Summary.from_meta(meta, path, created)
    summary.preview = thread.preview
    summary.archived = archived
    summary.updated_ms = path.stat().st_mtime_ns // 1_000_000
    if thread.context:
        summary.model = thread.context.model or None
        summary.effort = thread.context.effort
    return summary
