from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from spindled.config.home.installation import installation_id


def test_it_stays_the_same(tmp_path: Path) -> None:
    assert installation_id(tmp_path) == installation_id(tmp_path) == (tmp_path / "installation_id").read_text()


def test_the_one_of_another_server_is_used(tmp_path: Path) -> None:
    there = str(uuid.uuid4())
    (tmp_path / "installation_id").write_text(there + "\n")
    assert installation_id(tmp_path) == there


@pytest.mark.parametrize("content", [b"", b"mine", b"\xff\xff", b"0" * 100])
def test_what_is_none_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "installation_id").write_bytes(content)
    assert uuid.UUID(installation_id(tmp_path))
