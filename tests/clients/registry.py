"""Other people's clients, as their registries have them: pinned, installed once into a folder of their own.

Nothing of them is changed and nothing of theirs is loaded into the tests: they run as programs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("SPINDLED_CLIENTS", ROOT / ".clients"))
DONE = "installed"


def from_pypi(name: str, *pins: str) -> Path:
    """The folder with these distributions, to be put on the path of a Python program. What they need is pinned too."""
    return _installed(f"pypi-{name}", pins, lambda folder: _pip(folder, pins))


def from_npm(name: str, *pins: str, optional: bool = False) -> Path:
    """The folder that has these packages in its `node_modules`; without native binaries unless `optional`."""
    return _installed(f"npm-{name}", (*pins, str(optional)), lambda folder: _npm(folder, pins, optional))


def node() -> str:
    """The interpreter; it is an error of the machine if there is none."""
    found = shutil.which("node")
    assert found is not None, "node and npm are needed: scripts/test installs them"
    return found


def _installed(name: str, pins: tuple[str, ...], install: Callable[[Path], None]) -> Path:
    key = hashlib.sha256("\0".join((sys.version, *pins)).encode()).hexdigest()[:12]
    folder = FOLDER / f"{name}-{key}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / f"{name}.lock", "w") as lock:  # another worker of the tests may be at it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder)
            (folder / DONE).write_text("\n".join(pins))
    return folder


def _pip(folder: Path, pins: tuple[str, ...]) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--target", str(folder)]
    _run([sys.executable, "-m", "pip", "install", *options, *pins])


def _npm(folder: Path, pins: tuple[str, ...], optional: bool) -> None:
    (folder / "package.json").write_text(json.dumps({"name": "clients", "private": True}))
    omit = [] if optional else ["--omit=optional"]
    options = ["--no-audit", "--no-fund", "--loglevel=error", "--save-exact", *omit]
    _run(["npm", "install", "--prefix", str(folder), *options, *pins])


def _run(command: list[str]) -> None:
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
