"""`spindled app-server generate-json-schema` and `generate-ts`: the types of the wire, for those who write clients."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["InterfaceError", "write_interface"]

PRETTIER_FILES = 200  # on one command line


class InterfaceError(RuntimeError):
    """The files are written but not as they were asked for; the text says why."""


def write_interface(command: str, folder: Path, experimental: bool, prettier: str | None = None) -> None:
    """Raises OSError and InterfaceError."""
    if command == "app-server generate-json-schema":
        from spindled_protocol.json_schema import write_json_schemas

        write_json_schemas(folder, experimental=experimental)
        return
    from spindled_protocol.typescript import write_typescript

    paths = write_typescript(folder, experimental=experimental)
    if prettier is not None:
        for start in range(0, len(paths), PRETTIER_FILES):
            run_prettier(prettier, paths[start : start + PRETTIER_FILES])


def run_prettier(program: str, paths: list[Path]) -> None:
    command = [program, "--write", "--log-level", "warn", *map(str, paths)]
    if code := subprocess.run(command, check=False).returncode:
        raise InterfaceError(f"{program} failed with exit code {code}")
