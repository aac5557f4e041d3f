"""The home directory: where configuration, threads and rules live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from spindled.config.errors import ConfigError

HOME_VARIABLES = ("SPINDLED_HOME", "CODEX_HOME")
DEFAULT_NAME = ".spindled"


def home_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The home directory, resolved; created with mode 0700 if missing, its missing parents too.

    The first non-empty of `SPINDLED_HOME` and `CODEX_HOME`, else `~/.spindled`.
    Raises ConfigError if it is relative, no directory, or cannot be created or written.
    """
    path, origin = _chosen(environ)
    if not path.is_absolute():
        raise ConfigError(f"the home directory must be an absolute path ({origin} is `{path}`)")
    try:
        path = path.resolve()
        _make_private(path)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"the home directory {path} ({origin}) is not a directory") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a symlink loop, before Python 3.13
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot create the home directory {path} ({origin}): {reason}") from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"the home directory {path} ({origin}) is not writable: permission denied")
    return path


def _chosen(environ: Mapping[str, str]) -> tuple[Path, str]:
    for variable in HOME_VARIABLES:
        if value := environ.get(variable):
            return Path(value), variable
    if user := environ.get("HOME"):
        return Path(user) / DEFAULT_NAME, "from HOME"
    try:
        return Path.home() / DEFAULT_NAME, "the default"
    except RuntimeError as error:
        raise ConfigError("there is no home directory: set SPINDLED_HOME") from error


def _make_private(path: Path) -> None:
    missing = [path] if not path.exists() else []
    while missing and not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)  # exist_ok: another process may start at the same time
    if not path.is_dir():
        raise NotADirectoryError(path)
