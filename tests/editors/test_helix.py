"""Helix is described, not run: what it is given to read is at least well-formed, and starts a server that exists."""

from __future__ import annotations

import tomllib
from pathlib import Path

from spindled.cli import parse

FILE = Path(__file__).parents[2] / "docs" / "editors" / "helix.toml"


def test_the_command_line() -> None:
    server = tomllib.loads(FILE.read_text())["language-server"]["spindled"]
    assert server["command"] == "spindled"
    assert parse(server["args"]).command == "lsp"
