from __future__ import annotations

import stat
from pathlib import Path

import pytest

from spindled.config.errors import ConfigError
from spindled.config.home.document import Edit, EditError
from spindled.config.home.user_file import InvalidResult, UserFile, VersionConflict

TEXT = '# mine\nmodel = "a" # m\n'


@pytest.fixture
def file(tmp_path: Path) -> UserFile:
    file = UserFile(tmp_path)
    file.path.write_text(TEXT)
    return file


def test_a_write_keeps_the_comments_and_tells_the_new_version(file: UserFile) -> None:
    before = file.layer()
    after = file.write([Edit(("model",), "b")], before.version)
    assert file.path.read_text() == '# mine\nmodel = "b" # m\n'
    assert after.version == file.layer().version != before.version


def test_a_file_that_changed_meanwhile_is_not_overwritten(file: UserFile) -> None:
    version = file.layer().version
    file.path.write_text('model = "theirs"\n')
    with pytest.raises(VersionConflict):
        file.write([Edit(("model",), "mine")], version)
    assert file.path.read_text() == 'model = "theirs"\n'


@pytest.mark.parametrize(
    ("edits", "error"),
    [
        ([Edit(("model",), "b"), Edit(("model",), 5)], InvalidResult),
        ([Edit(("model",), "b"), Edit(("sandbox_mode",), "bogus")], InvalidResult),
        ([Edit(("model",), "b"), Edit(("notify",), [None])], EditError),
    ],
)
def test_all_edits_or_none(file: UserFile, edits: list[Edit], error: type[Exception]) -> None:
    with pytest.raises(error):
        file.write(edits)
    assert file.path.read_text() == TEXT


def test_the_mistake_is_told_with_its_key(file: UserFile) -> None:
    with pytest.raises(InvalidResult, match=r"expected a string, found an integer \(in `model`\)"):
        file.write([Edit(("model",), 5)])


def test_what_is_no_configuration_stays_as_it_is(file: UserFile) -> None:
    file.path.write_text("model = \n")
    with pytest.raises(ConfigError):
        file.write([Edit(("model",), "b")])
    assert file.path.read_text() == "model = \n"


def test_a_new_file_is_the_users_alone(tmp_path: Path) -> None:
    file = UserFile(tmp_path)
    assert file.layer().table == {}
    file.write([Edit(("model",), "a")], file.layer().version)
    assert file.path.read_text() == 'model = "a"\n'
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_file_keeps_its_mode_and_a_link_stays_one(file: UserFile, tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    file.path.rename(real)
    real.chmod(0o640)
    file.path.symlink_to(real)
    file.write([Edit(("model",), "b")])
    assert file.path.is_symlink()
    assert real.read_text().startswith("# mine\nmodel")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_write_that_changes_nothing_does_not_touch_the_file(file: UserFile) -> None:
    before = file.path.stat()
    file.write([Edit(("model",), "a")])
    assert (file.path.stat().st_ino, file.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
