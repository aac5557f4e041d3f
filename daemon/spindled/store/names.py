"""What users say about a thread, apart from its rollout: append-only JSONL files in the home, the last line wins.

    session_index.jsonl      names, in the reference's form and shared with it
    thread_metadata.jsonl    changed Git information
Both can be written while another process appends to the rollout, and survive the loss of the index.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from spindled.store.rollout.lines import append_lines
from spindled.store.rollout.payloads import Git
from spindled.store.rollout.rollout import timestamp


class _Name(msgspec.Struct):
    id: str
    thread_name: str
    updated_at: str


class _Metadata(msgspec.Struct):
    id: str
    git: Git
    updated_at: str


_Line = TypeVar("_Line", _Name, _Metadata)


def append_name(home: Path, thread_id: str, name: str) -> None:
    """Raises StoreError."""
    _append(home / "session_index.jsonl", _Name(thread_id, name, timestamp()))


def append_git(home: Path, thread_id: str, git: Git) -> None:
    """Raises StoreError."""
    _append(home / "thread_metadata.jsonl", _Metadata(thread_id, git, timestamp()))


def load_names(home: Path) -> dict[str, str]:
    return {line.id: line.thread_name for line in _lines(home / "session_index.jsonl", _Name)}


def load_git(home: Path) -> dict[str, Git]:
    return {line.id: line.git for line in _lines(home / "thread_metadata.jsonl", _Metadata)}


def _append(path: Path, line: _Name | _Metadata) -> None:
    append_lines(path, [msgspec.json.encode(line)])


def _lines(path: Path, kind: type[_Line]) -> list[_Line]:
    found: list[_Line] = []
    try:
        data = path.read_bytes()
    except OSError:
        return found
    decode = msgspec.json.Decoder(kind).decode
    for line in data.splitlines():
        try:
            found.append(decode(line))
        except ValueError:
            continue
    return found
