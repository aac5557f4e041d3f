from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spindled.config.hooks import CommandHandler, find_hooks
from spindled.config.schema import Config

Loaded = Callable[..., Config]
ECHO = {"type": "command", "command": "echo hi"}


def write(folder: Path, hooks: Any) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "hooks.json"
    path.write_text(hooks if isinstance(hooks, str) else json.dumps({"hooks": hooks}))
    return path


def test_hooks_of_a_file(home: Path, loaded: Loaded) -> None:
    first = {"matcher": "^Bash$", "hooks": [{**ECHO, "timeout": 5, "statusMessage": "m"}]}
    path = write(
        home, {"Stop": [{"matcher": "x", "hooks": [{**ECHO, "async": True, "timeout": 0}]}], "PreToolUse": [first]}
    )
    before, stop = find_hooks(loaded()).hooks
    assert (before.key, before.event, before.matcher, before.timeout) == (
        f"{path}:pre_tool_use:0:0",
        "PreToolUse",
        "^Bash$",
        5,
    )
    # as the reference computes it
    assert before.current == "sha256:9b16c07d2f4476dd866724691130552bf198326129ac067512d4568f35f37221"
    assert (stop.key, stop.matcher, stop.timeout, stop.source) == (f"{path}:stop:0:0", None, 1, "user")
    assert isinstance(stop.handler, CommandHandler) and stop.handler.async_


def test_hooks_of_the_configuration_and_what_the_user_decided(home: Path, loaded: Loaded) -> None:
    key = f"{home / 'config.toml'}:session_start:0:0"
    found = find_hooks(
        loaded(
            '[[hooks.SessionStart]]\n[[hooks.SessionStart.hooks]]\ntype = "command"\ncommand = "a"\n'
            f'[hooks.state."{key}"]\nenabled = false\ntrusted_hash = "sha256:00"\n'
        )
    )
    assert [(hook.key, hook.enabled, hook.trusted) for hook in found.hooks] == [(key, False, "sha256:00")]


def test_projects_only_if_they_are_trusted(home: Path, project: Path, loaded: Loaded) -> None:
    write(project / ".codex", {"Stop": [{"hooks": [ECHO]}]})
    trusted = f'[projects."{project}"]\ntrust_level = "trusted"\n'
    assert [hook.source for hook in find_hooks(loaded(trusted, cwd=project)).hooks] == ["project"]
    assert find_hooks(loaded(cwd=project)).hooks == []


@pytest.mark.parametrize(
    ("hooks", "warning"),
    [
        ("{bad", "failed to parse hooks config"),
        ('{"PreToolUse": []}', "failed to parse hooks config"),
        ({"Stop": [{"hooks": [{"type": "command"}]}]}, "failed to parse hooks config"),
        ({"Stop": [{"hooks": [{"type": "nope"}]}]}, "failed to parse hooks config"),
        ({"Stop": "x"}, "failed to parse hooks config"),
        ({"Stop": [{"hooks": [{"type": "prompt", "prompt": "p"}]}]}, "skipping prompt hook"),
        ({"Stop": [{"hooks": [{**ECHO, "command": " "}]}]}, "skipping empty hook command"),
        ({"PreToolUse": [{"matcher": "[", "hooks": [ECHO]}]}, 'invalid matcher "["'),
    ],
)
def test_what_is_no_hook_is_told(home: Path, loaded: Loaded, hooks: Any, warning: str) -> None:
    write(home, hooks)
    found = find_hooks(loaded())
    assert found.hooks == []
    assert [text for text in found.warnings if text.startswith(warning)]


def test_events_that_are_not_known_are_passed_over(home: Path, loaded: Loaded) -> None:
    write(home, {"Bogus": 1, "Stop": [{"hooks": [{"type": "mcp_tool", "server": "s", "tool": "t"}]}]})
    found = find_hooks(loaded())
    assert [hook.current for hook in found.hooks] == [
        "sha256:a32fadf67dd9ba6b779757c3db73589e436c56976457f459c05f7e453a1f589f"
    ]
    assert found.warnings == []
