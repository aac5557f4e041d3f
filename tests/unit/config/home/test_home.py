from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from spindled.config.errors import ConfigError
from spindled.config.home.home import home_dir


def test_order_of_the_variables(tmp_path: Path) -> None:
    environ = {"SPINDLED_HOME": str(tmp_path / "a"), "CODEX_HOME": str(tmp_path / "b"), "HOME": str(tmp_path)}
    assert home_dir(environ) == tmp_path / "a"
    assert home_dir(environ | {"SPINDLED_HOME": ""}) == tmp_path / "b"
    assert home_dir({"HOME": str(tmp_path)}) == tmp_path / ".spindled"


def test_is_created_private_with_its_parents(tmp_path: Path) -> None:
    path = home_dir({"SPINDLED_HOME": str(tmp_path / "x" / "y")})
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent)] == [0o700, 0o700]


def test_an_existing_one_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert home_dir({"CODEX_HOME": str(tmp_path)}) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert home_dir({"SPINDLED_HOME": str(tmp_path / "link")}) == tmp_path / "real"


@pytest.mark.parametrize(
    ("below", "cause"),
    [("file", "not a directory"), ("file/below", "not a directory"), ("loop", "cannot create")],
)
def test_unusable(tmp_path: Path, below: str, cause: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match=cause) as error:
        home_dir({"SPINDLED_HOME": str(tmp_path / below)})
    assert str(tmp_path / below) in str(error.value)
    assert "SPINDLED_HOME" in str(error.value)


def test_relative() -> None:
    with pytest.raises(ConfigError, match=r"absolute path \(CODEX_HOME is `here`\)"):
        home_dir({"CODEX_HOME": "here"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="permission denied"):
        home_dir({"SPINDLED_HOME": str(tmp_path)})
