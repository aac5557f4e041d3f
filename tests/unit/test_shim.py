"""The executable named `codex`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spindled import __version__
from spindled.shim import ShimError, script, write_shim
from spindled_protocol import WIRE_VERSION


def called(program: Path, *arguments: str, cwd: Path | None = None) -> str:
    result = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, check=True)
    return result.stdout


def test_it_is_codex_to_those_who_ask(tmp_path: Path) -> None:
    program = write_shim(tmp_path / "new" / "folder")
    assert program == tmp_path / "new" / "folder" / "codex"
    assert called(program, "--version") == f"codex-cli {WIRE_VERSION}\n"
    assert called(program, "-c", "a=1", "-V") == f"codex-cli {WIRE_VERSION}\n"
    assert called(program, "exec", "--version") == f"codex-cli {WIRE_VERSION}\n"
    ours = [sys.executable, "-m", "spindled", "--version"]
    assert subprocess.run(ours, capture_output=True, text=True, check=True).stdout == f"spindled {__version__}\n"


def test_the_folder_that_is_worked_in_provides_no_module(tmp_path: Path) -> None:
    program = write_shim(tmp_path)
    (tmp_path / "spindled").mkdir()
    (tmp_path / "spindled" / "__main__.py").write_text("raise SystemExit('not this one')\n")
    (tmp_path / "signal.py").write_text("raise SystemExit('nor this one')\n")
    assert called(program, "--version", cwd=tmp_path) == f"codex-cli {WIRE_VERSION}\n"


def test_an_older_one_of_ours_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "codex").write_text(script("/gone/python"))
    assert called(write_shim(tmp_path), "--version") == f"codex-cli {WIRE_VERSION}\n"
    assert os.listdir(tmp_path) == ["codex"]


def test_another_codex_stays(tmp_path: Path) -> None:
    (tmp_path / "codex").write_text("#!/bin/sh\n")
    with pytest.raises(ShimError, match="is there already and not ours"):
        write_shim(tmp_path)
    assert (tmp_path / "codex").read_text() == "#!/bin/sh\n"
    assert os.listdir(tmp_path) == ["codex"]


def test_nowhere_to_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ShimError, match="cannot write"):
        write_shim(tmp_path / "file")


def test_paths_with_blanks() -> None:
    assert "exec '/a b/it'\"'\"'s' -P -m" in script("/a b/it's")
