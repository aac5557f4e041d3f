from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from spindled.config.home.files import write_whole


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_the_user_s_alone_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"one")
    assert (path.read_bytes(), mode(path)) == (b"one", 0o600)
    path.chmod(0o640)
    write_whole(path, b"two")
    assert (path.read_bytes(), mode(path)) == (b"two", 0o640)
    write_whole(path, b"three", mode=0o600)
    assert (path.read_bytes(), mode(path)) == (b"three", 0o600)
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/file")
    write_whole(tmp_path / "link", b"one")
    write_whole(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"two"


def test_only_a_file_is_replaced(tmp_path: Path) -> None:
    """A link to a device, such as one of those that forget everything, must not become a file."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("folder", "fifo"):
        (tmp_path / f"link to {name}").symlink_to(name)
        before = (tmp_path / name).stat()
        with pytest.raises(OSError, match="not a regular file"):
            write_whole(tmp_path / f"link to {name}", b"x")
        assert (tmp_path / name).stat().st_mode == before.st_mode
    assert len(os.listdir(tmp_path)) == 4


def test_a_failure_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
