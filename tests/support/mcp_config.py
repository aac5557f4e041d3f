"""MCP servers of the tests in a config.toml."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SUPPORT = Path(__file__).parent


def real(name: str = "real", **keys: Any) -> str:
    """A server by the `mcp` library."""
    return server(name, command=sys.executable, args=[str(SUPPORT / "mcp_server.py"), "stdio"], **keys)


def rough(log: Path, *manners: str, name: str = "rough", **keys: Any) -> str:
    """A server with bad manners; `log` is where it writes what it reads."""
    script = str(SUPPORT / "rough_mcp_server.py")
    return server(name, command=sys.executable, args=[script, str(log), *manners], **keys)


def server(name: str, **keys: Any) -> str:
    """A table of config.toml; what is a dict becomes a table below it."""
    plain = {key: value for key, value in keys.items() if not isinstance(value, dict)}
    lines = [f"[mcp_servers.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in plain.items())]
    for key, table in keys.items():
        if isinstance(table, dict):
            lines.append(f"[mcp_servers.{name}.{key}]")
            lines += [f"{json.dumps(each)} = {json.dumps(value)}" for each, value in table.items()]
    return "\n".join(lines) + "\n"
