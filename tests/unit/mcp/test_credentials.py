"""Logins on disk: for their user alone, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from spindled.mcp.credentials import FOLDER, Credentials, Grant

URL = "https://host.example/mcp"


def saved(tmp_path: Path) -> tuple[Credentials, Path]:
    credentials = Credentials(tmp_path)
    credentials.save("one", Grant(url=URL, tokens={"access_token": "hush"}, expires_at=5.0))
    (file,) = (tmp_path / FOLDER).iterdir()
    return credentials, file


def test_a_grant_comes_back(tmp_path: Path) -> None:
    credentials, _ = saved(tmp_path)
    assert credentials.of("one", URL) == Grant(url=URL, tokens={"access_token": "hush"}, expires_at=5.0)


def test_it_belongs_to_one_name_and_one_address(tmp_path: Path) -> None:
    credentials, file = saved(tmp_path)
    assert credentials.of("two", URL) is None
    assert credentials.of("one", "https://evil.example/mcp") is None
    credentials.save("one", Grant(url="https://other.example/mcp"))
    other = next(path for path in file.parent.iterdir() if path != file)
    other.replace(file)  # a file under the name of another's
    assert credentials.of("one", URL) is None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    _, file = saved(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_new_one_replaces_it(tmp_path: Path) -> None:
    credentials, file = saved(tmp_path)
    credentials.save("one", Grant(url=URL))
    assert list(file.parent.iterdir()) == [file]
    found = credentials.of("one", URL)
    assert found is not None
    assert found.tokens is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"url": 5}'])
def test_a_broken_file_is_no_login(tmp_path: Path, content: bytes) -> None:
    credentials, file = saved(tmp_path)
    file.write_bytes(content)
    assert credentials.of("one", URL) is None


def test_no_token_is_shown() -> None:
    assert "hush" not in repr(Grant(url=URL, tokens={"access_token": "hush"}, client={"client_secret": "hush"}))
