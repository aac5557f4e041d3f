from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.tools.commands.command_actions import command_actions


def read(command: str, path: str = "/w/a.txt") -> dict[str, Any]:
    return {"type": "read", "command": command, "name": "a.txt", "path": path}


def listing(command: str, path: str | None = None) -> dict[str, Any]:
    return {"type": "listFiles", "command": command, "path": path}


def search(command: str, query: str | None, path: str | None = None) -> dict[str, Any]:
    return {"type": "search", "command": command, "query": query, "path": path}


@pytest.mark.parametrize(
    ("script", "actions"),
    [
        ("ls -la", [listing("ls -la")]),
        ("cat a.txt", [read("cat a.txt")]),
        ("ls src | head -5", [listing("ls src", "src")]),
        ("rg foo src", [search("rg foo src", "foo", "src")]),
        ("grep -rn 'a b' .", [search("grep -rn 'a b' .", "a b", ".")]),
        ("cat a.txt && ls", [read("cat a.txt"), listing("ls")]),
        ("cd src && ls", [listing("ls")]),
        ("find . -name '*.py'", [search("find . -name '*.py'", "*.py", ".")]),
        ("find src -type f", [listing("find src -type f", "src")]),
        ("sed -n 1,5p a.txt", [read("sed -n '1,5p' a.txt")]),
        ("tail -n +2 a.txt", [read("tail -n +2 a.txt")]),
        ("cat a.txt | wc -l", [read("cat a.txt")]),
        ("rg --files", [listing("rg --files")]),
        ("rg -n foo a.txt | head", [search("rg -n foo a.txt", "foo", "a.txt")]),
        ("git grep foo", [search("git grep foo", "foo")]),
        ("git ls-files", [listing("git ls-files")]),
        ("grep foo a.txt || true", [search("grep foo a.txt", "foo", "a.txt")]),
        ("cd src && cat ../a.txt", [read("cat ../a.txt")]),
        ("awk '{print $1}' a.txt", [read("awk '{print $1}' a.txt")]),
    ],
)
def test_as_the_wire_shows_it(script: str, actions: list[dict[str, Any]]) -> None:
    assert msgspec.to_builtins(command_actions(script, Path("/w"))) == actions


@pytest.mark.parametrize(
    "script",
    [
        "echo hi",
        "git status",
        "ls src; pwd",
        "cat < a.txt",
        "ls $HOME",
        "cat a.txt b.txt",
        "ls; echo done",
        "true",
        "",
        "wc -l a.txt",
        "find . -delete",
        "sed -i s/a/b/ a.txt",
        "ls | sed -i s/a/b/",
        "ls > f",
        "bash -lc 'ls src'",
    ],
)
def test_anything_else_is_one_unknown_action(script: str) -> None:
    assert msgspec.to_builtins(command_actions(script, Path("/w"))) == [{"type": "unknown", "command": script}]
