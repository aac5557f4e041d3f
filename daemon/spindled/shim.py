"""`spindled shim DIR`: an executable named `codex`, for clients that can be told a program or a PATH but no command."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

__all__ = ["NAME", "ShimError", "write_shim"]

NAME = "codex"
MARK = "# Made by `spindled shim`."


class ShimError(RuntimeError):
    """The executable cannot be written; the text says why."""


def write_shim(folder: Path) -> Path:
    """Write it into a folder, which is made if need be, and give its path. An older one of ours is replaced.

    Raises ShimError, also where another `codex` is: that one stays.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path) and not _ours(path):
            raise ShimError(f"{path} is there already and not ours; remove it or choose another folder")
        descriptor, part = tempfile.mkstemp(prefix=f".{NAME}.", dir=folder)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(script(sys.executable))
                os.fchmod(descriptor, 0o755)
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
    except OSError as error:
        raise ShimError(f"cannot write {path}: {error.strerror}") from error
    return path


def script(interpreter: str) -> str:
    """One exec and no second interpreter; -P: a folder that is worked in never provides our modules."""
    return f'#!/bin/sh\n{MARK}\nexec {shlex.quote(interpreter)} -P -m spindled --codex "$@"\n'


def _ours(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return MARK.encode() in file.read(1000)
    except OSError:
        return False
