"""generate-json-schema and generate-ts, as commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spindled.interface_files import InterfaceError, write_interface
from spindled_protocol.json_schema import json_schemas
from spindled_protocol.typescript import typescript


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "spindled", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("experimental", [[], ["--experimental"]])
def test_what_is_written(tmp_path: Path, experimental: list[str]) -> None:
    schemas, types = tmp_path / "s", tmp_path / "new" / "t"
    # As some clients write it: global flags before the command.
    assert (
        generate("-c", "a=1", "app-server", "generate-json-schema", *experimental, "--out", str(schemas)).returncode
        == 0
    )
    assert generate("app-server", "generate-ts", "-o", str(types), *experimental).returncode == 0
    wanted = json_schemas(experimental=bool(experimental))
    assert {str(p.relative_to(schemas)) for p in schemas.rglob("*.json")} == wanted.keys()
    assert json.loads((schemas / "ClientRequest.json").read_text()) == wanted["ClientRequest.json"]
    declarations = typescript(experimental=bool(experimental))
    assert {str(p.relative_to(types)): p.read_text() for p in types.rglob("*.ts")} == declarations


def test_prettier_gets_every_file(tmp_path: Path) -> None:
    program = tmp_path / "prettier"
    program.write_text(f'#!/bin/sh\nshift 3\nprintf "%s\\n" "$@" >> {tmp_path}/asked\n')
    program.chmod(0o755)
    write_interface("app-server generate-ts", tmp_path / "t", False, str(program))
    asked = (tmp_path / "asked").read_text().splitlines()
    assert sorted(asked) == sorted(str(path) for path in (tmp_path / "t").rglob("*.ts"))
    with pytest.raises(InterfaceError, match="exit code 1"):
        write_interface("app-server generate-ts", tmp_path / "t", False, "false")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = generate("app-server", "generate-ts", "--out", str(tmp_path / "file"))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    missing = generate("app-server", "generate-ts")
    assert missing.returncode == 2
    assert "option '--out' is missing" in missing.stderr
