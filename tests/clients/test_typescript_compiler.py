"""`typescript` from npm: its compiler takes what `generate-ts` writes, and holds programs to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.registry import from_npm, node

USES = """\
import type { ClientRequest, ServerNotification, v2 } from "./types";

export const start: v2.TurnStartParams = { threadId: "t", input: [{ type: "text", text: "x", text_elements: [] }] };
// @ts-expect-error: a field that is not there
export const wrong: v2.TurnStartParams = { thread: "t", input: [] };
export const request: ClientRequest = { method: "turn/start", id: 1, params: start };

export function told(notification: ServerNotification): string | null {
  return notification.method === "item/agentMessage/delta" ? notification.params.delta : null;
}
"""


@pytest.fixture(scope="module")
def compiler() -> Path:
    return from_npm("typescript", "typescript@5.9.3") / "node_modules" / "typescript" / "bin" / "tsc"


def test_it_compiles(compiler: Path, tmp_path: Path) -> None:
    """Every file, and a program with a mistake that the compiler must find."""
    command = [sys.executable, "-m", "spindled", "app-server", "generate-ts", "--experimental", "--out"]
    subprocess.run([*command, str(tmp_path / "types")], check=True)
    (tmp_path / "program.ts").write_text(USES)
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    command = [node(), str(compiler), *options, "program.ts", "types/index.ts"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout == ""
