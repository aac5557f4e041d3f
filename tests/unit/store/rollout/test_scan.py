from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spindled.store.errors import StoreError
from spindled.store.rollout.scan import Scan


def line(n: int, text: str = "") -> bytes:
    row = {"timestamp": "t", "ordinal": n, "type": "x", "payload": {"text": text}}
    return json.dumps(row, separators=(",", ":")).encode()


def read(path: Path, content: bytes) -> tuple[list[int], Scan]:
    path.write_bytes(content)
    scan = Scan(path)
    return [record.ordinal for record in scan], scan


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.jsonl"


def test_a_whole_file_has_no_warnings(path: Path) -> None:
    found, scan = read(path, line(0) + b"\n" + line(1) + b"\n")
    assert (found, scan.skipped, scan.warnings) == ([0, 1], 0, [])


def test_junk_and_blank_lines_are_passed_over(path: Path) -> None:
    content = b"\n".join([b"junk", line(0), b"", b"[]", b"42", b'"text"', b'{"type":"x"}', line(1), b"\0" * 30])
    found, scan = read(path, content)
    assert found == [0, 1]
    assert scan.skipped == len(b"junk[]42'text'") + len(b'{"type":"x"}') + 30
    assert len(scan.warnings) == 6


def test_resumes_within_a_line(path: Path) -> None:
    torn = line(1, "never finished")[:40]
    found, scan = read(path, line(0) + b"\n" + torn + line(2) + b"\n" + line(3) + line(4) + b" " + line(5) + b"\n")
    assert found == [0, 2, 3, 4, 5]
    assert scan.skipped == 40


def test_a_payload_that_is_no_object_is_no_record(path: Path) -> None:
    content = b'{"timestamp":"t","ordinal":0,"type":"x","payload":[1]}\n' + line(1)
    assert read(path, content)[0] == [1]


def test_huge_lines(path: Path) -> None:
    assert read(path, line(0, "x" * 2_000_000) + b"\n" + line(1))[0] == [0, 1]


def test_deep_nesting_is_damage(path: Path) -> None:
    deep = b'{"timestamp":"t","type":"x","payload":' + b'{"timestamp":' * 10_000
    assert read(path, deep + b"\n" + line(1))[0] == [1]


def test_reads_no_further_than_told(path: Path) -> None:
    first = line(0) + b"\n"
    path.write_bytes(first + line(1) + b"\n")
    assert [record.ordinal for record in Scan(path, end=len(first))] == [0]
    assert [record.offset for record in Scan(path)] == [0, len(first)]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        list(Scan(tmp_path))


_damage = st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=40)), max_size=5)


@given(_damage, st.booleans())
@example([(187, b"\0"), (633, b"\0")], False)  # the key of two ordinals
def test_damage_anywhere_costs_only_the_lines_it_hits(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, bytes]], insert: bool
) -> None:
    texts = ["plain", 'quotes " and \\ and {"timestamp":1}', "é" * 20, "x" * 200, ""] * 3
    whole = [line(n, text) for n, text in enumerate(texts)]
    content = b"\n".join(whole) + b"\n"
    for at, data in damage:
        content = content[:at] + data + content[at + (0 if insert else len(data)) :]
    found, scan = read(tmp_path_factory.mktemp("scan") / "r", content)
    untouched = [n for n, text in enumerate(whole) if text in content.split(b"\n")]
    assert set(untouched) <= set(found)
    assert len(found) <= len(whole)  # none twice; damage to an ordinal may make two alike
    assert scan.skipped >= 0
