from __future__ import annotations

import os
from pathlib import Path

import pytest

from spindled.files.operations import Refused
from spindled.files.roots import Roots


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A root with a link that leads out of it, beside a folder whose name begins like its own."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "rooted").mkdir()
    (root / "out").symlink_to(tmp_path / "rooted")
    return root


def test_without_roots_everything_is_allowed() -> None:
    Roots([]).require(Path("/etc/passwd"))


@pytest.mark.parametrize("path", ["", "file", "deep/er/file"])
def test_inside(inside: Path, path: str) -> None:
    Roots(["/elsewhere", str(inside)]).require(inside / path)


@pytest.mark.parametrize("path", ["..", "../rooted", "out", "out/file", "out/../x", "/etc/passwd"])
def test_outside(inside: Path, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Refused, match="outside the allowed roots"):
        Roots([str(inside)]).require(inside / path)
    assert "fs_roots" in caplog.text


def test_a_link_itself_may_be_inside(inside: Path) -> None:
    roots = Roots([str(inside)])
    roots.require(inside / "out", follow=False)
    with pytest.raises(Refused):
        roots.require(inside / "out" / "file", follow=False)


def test_a_root_that_is_no_absolute_path_allows_nothing(inside: Path) -> None:
    with pytest.raises(Refused):
        Roots(["relative"]).require(Path(os.getcwd()) / "relative")


def test_the_whole_disk_and_links_to_roots(inside: Path, tmp_path: Path) -> None:
    Roots(["/"]).require(inside)
    (tmp_path / "alias").symlink_to(inside)
    Roots([str(tmp_path / "alias")]).require(inside / "file")
