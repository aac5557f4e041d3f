from __future__ import annotations

import os
from pathlib import Path

import pytest

from spindled.files import copying
from spindled.files.operations import Refused


def copy(source: Path, destination: Path, *, recursive: bool) -> list[Path]:
    """What was checked before it was written."""
    checked: list[Path] = []
    copying.copy(source, destination, recursive=recursive, check=checked.append)
    return checked


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a folder, a link, a program and a pipe."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "program").write_text("#!")
    (source / "sub" / "program").chmod(0o755)
    (source / "link").symlink_to("nowhere")
    os.mkfifo(source / "pipe")
    return source


def test_a_folder_with_all_but_its_pipes(tree: Path, tmp_path: Path) -> None:
    copied = tmp_path / "new" / "copy"
    checked = copy(tree, copied, recursive=True)
    assert sorted(checked) == [copied / name for name in ("", "link", "pipe", "sub", "sub/program")]
    assert sorted(os.listdir(copied)) == ["link", "sub"]
    assert os.readlink(copied / "link") == "nowhere"
    assert (copied / "sub" / "program").stat().st_mode & 0o777 == 0o755


def test_into_a_folder_that_is_there(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "there" / "sub").mkdir(parents=True)
    (tmp_path / "there" / "sub" / "program").write_text("older and longer")
    (tmp_path / "there" / "other").touch()
    copy(tree, tmp_path / "there", recursive=True)
    assert (tmp_path / "there" / "sub" / "program").read_text() == "#!"
    assert (tmp_path / "there" / "other").exists()


@pytest.mark.parametrize("inside", ["", "sub/deeper"])
def test_never_into_itself(tree: Path, inside: str) -> None:
    with pytest.raises(Refused, match="to itself"):
        copy(tree, tree / inside, recursive=True)


def test_not_into_itself_through_a_link(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tree / "sub")
    with pytest.raises(Refused, match="to itself"):
        copy(tree, tmp_path / "way", recursive=True)


def test_a_folder_needs_recursive_and_a_pipe_is_nothing_to_copy(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="recursive: true"):
        copy(tree, tmp_path / "x", recursive=False)
    with pytest.raises(Refused, match="only supports"):
        copy(tree / "pipe", tmp_path / "x", recursive=False)
    assert not (tmp_path / "x").exists()


def test_a_file_onto_itself_stays(tree: Path, tmp_path: Path) -> None:
    program = tree / "sub" / "program"
    (tmp_path / "same").symlink_to(program)
    copy(program, tmp_path / "same", recursive=False)
    copy(program, program, recursive=False)
    assert program.read_text() == "#!"
