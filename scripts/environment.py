"""The project's own virtual environment, `.venv`: made on first use, left alone while it is up to date."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036  (an older one is told so, and not shown a syntax error)
    raise SystemExit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]} ({sys.executable})")

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
_STAMP = VENV / "installed.json"


def ensure(extra: str = "", say: Callable[[str], None] = print) -> Path:
    """The environment's interpreter, with the project (and an extra of it) installed. Raises SystemExit."""
    wanted = _fingerprint()
    installed = _installed()
    if installed.get("fingerprint") == wanted and (not extra or extra in installed["extras"]):
        return PYTHON
    say(f"preparing {VENV.relative_to(ROOT)} (half a minute or so, once) ...")
    if installed.get("fingerprint") != wanted:
        installed = {"extras": []}
        _call([sys.executable, "-m", "venv", "--clear", str(VENV)], "cannot make a virtual environment")
    project = f"{ROOT}[{extra}]" if extra else str(ROOT)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", project]
    _call(install, "cannot install the project")
    extras = sorted({*installed["extras"], *filter(None, [extra])})
    _STAMP.write_text(json.dumps({"fingerprint": wanted, "extras": extras}))
    return PYTHON


def _fingerprint() -> str:
    """What the environment depends on: where it is, the interpreter, the project's dependencies."""
    parts = [str(VENV), sys.version, sys.base_prefix, (ROOT / "pyproject.toml").read_text()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _installed() -> dict[str, Any]:
    try:
        return dict(json.loads(_STAMP.read_text())) if PYTHON.exists() else {}
    except (OSError, ValueError):
        return {}


def _call(command: list[str], failure: str) -> None:
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{failure} ({' '.join(command)}):\n{result.stdout}")
