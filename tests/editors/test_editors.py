"""Neovim and Emacs with the configurations of docs/editors, headless, as they are installed by `scripts/test`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.home import Home, language_command

HERE = Path(__file__).parent
CONFIGURATIONS = HERE.parents[1] / "docs" / "editors"
COMMAND = language_command(
    "-c", "model_provider=scripted", "-c", "approval_policy=untrusted", "-c", "sandbox_mode=danger-full-access"
)
SECONDS = 100

pytestmark = pytest.mark.timeout(SECONDS + 20)


def edit(home: Home, command: list[str], **more: str) -> dict[str, Any]:
    """What the editor's script told."""
    assert shutil.which(command[0]), f"{command[0]} is needed: scripts/test installs it"
    (home.workspace / "saved.txt").write_text("old\nkeep\n")
    (home.workspace / "typed.txt").write_text("old\nkeep\n")
    told = home.path / "told.json"
    done = subprocess.run(
        command,
        cwd=home.workspace,
        env=home.environment(TOLD=str(told), XDG_CONFIG_HOME=str(home.path), PYTHONPATH=":".join(sys.path), **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = f"{done.stdout}\n{done.stderr}"
    assert told.exists(), said
    answer: dict[str, Any] = json.loads(told.read_text())
    assert "missing" not in answer, f"{answer}\n{said}"
    return answer


def check(home: Home, told: dict[str, Any]) -> None:
    assert not told["saved"]["modified"]
    assert told["saved"]["buffer"].rstrip("\n") == "new\nkeep"
    assert (home.workspace / "saved.txt").read_text() == "new\nkeep\n"
    assert told["typed"]["buffer"].rstrip("\n") == "patched\nkeep"
    assert told["typed"]["modified"]
    assert (home.workspace / "typed.txt").read_text() == "old\nkeep\n"
    assert any("saved.txt" in prompt for prompt in told["prompts"])
    assert any("touch made" in prompt for prompt in told["prompts"])
    assert (home.workspace / "made").exists()
    assert "Refactor with agent: simplify" in told["actions"]


def test_neovim(home: Home) -> None:
    words = ", ".join(json.dumps(word) for word in COMMAND)
    script = f"luafile {HERE / 'run.lua'}"
    start = [
        "nvim",
        "--headless",
        "-n",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "--cmd",
        f"lua vim.g.spindled_command = {{{words}}}",
    ]
    told = edit(home, [*start, "-c", f"luafile {CONFIGURATIONS / 'neovim.lua'}", "-c", script])
    check(home, told)
    assert any(window.endswith(".md") for window in told["windows"])


def test_emacs(home: Home) -> None:
    load = ["--eval", "(package-initialize)", "-l", str(CONFIGURATIONS / "spindled.el"), "-l", str(HERE / "run.el")]
    told = edit(home, ["emacs", "--batch", "-q", *load], COMMAND="\t".join(COMMAND))
    check(home, told)
    assert any("Third." in message for message in told["shown"])
