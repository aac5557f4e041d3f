"""Grants as the wire has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.api.threads.grants import shown
from spindled.tools.grants import CommandGrant, FileGrant, Given, Grant, InputGrant, ToolGrant


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        (
            CommandGrant(words=("bash", "-lc", "make"), cwd="/w", escalated=True),
            {"type": "command", "command": "make", "cwd": "/w", "escalated": True},
        ),
        (InputGrant("c1", "/w"), {"type": "terminalInput", "itemId": "c1", "command": "make", "cwd": "/w"}),
        (FileGrant(Path("/w/a")), {"type": "file", "path": "/w/a"}),
        (ToolGrant("s", "t"), {"type": "mcpTool", "server": "s", "tool": "t"}),
    ],
)
def test_each_kind(grant: Grant, expected: dict[str, Any]) -> None:
    given = Given(id="g", grant=grant, at_ms=5, command="make")
    assert msgspec.to_builtins(shown(given)) == {**expected, "id": "g", "grantedAtMs": 5}
