from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.store.rollout.rollout import Rollout
from spindled.store.rollout.rows import Row


def line(n: int, text: str = "") -> bytes:
    row = {"timestamp": "t", "ordinal": n, "type": "x", "payload": {"text": text}}
    return json.dumps(row, separators=(",", ":")).encode()


def continued(path: Path) -> list[int]:
    rollout = Rollout.reopen(path)
    rollout.append([Row("x", {})])
    rollout.close()
    return [json.loads(text)["ordinal"] for text in path.read_bytes().splitlines() if text.strip()]


@pytest.mark.parametrize("tail", [b'{"timestamp":"t","ordi', b"\0\0\0", b'{"a": 1}\n', b"rubbish\n", b"\xff\xfe"])
def test_a_torn_tail_is_set_aside(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(line(0) + b"\n" + line(1) + b"\n" + tail)
    assert continued(path) == [0, 1, 2]
    assert (tmp_path / "r.jsonl.torn-1").read_bytes() == tail
    with path.open("ab") as file:
        file.write(tail)
    assert continued(path) == [0, 1, 2, 3]
    assert (tmp_path / "r.jsonl.torn-2").read_bytes() == tail


def test_a_complete_row_only_gets_its_newline(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(line(0) + b"\n" + line(7))
    assert continued(path) == [0, 7, 8]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"\n\n", line(4) + b"\n\n  \n"])
def test_blank_ends_are_no_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    assert continued(path) == ([4, 5] if content.strip() else [0])
    assert list(tmp_path.iterdir()) == [path]


def test_a_huge_last_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(line(0) + b"\n" + line(1, "x" * 300_000) + b"\n")
    assert continued(path) == [0, 1, 2]


@given(cut=st.integers(min_value=0, max_value=400))
def test_cut_anywhere_keeps_every_complete_row(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("tail") / "r.jsonl"
    whole = b"".join(line(n, "é" * n) + b"\n" for n in range(6))
    path.write_bytes(whole[:cut])
    complete = [n for n in range(6) if len(b"".join(line(m, "é" * m) + b"\n" for m in range(n + 1))) - 1 <= cut]
    assert continued(path) == [*complete, len(complete)]
