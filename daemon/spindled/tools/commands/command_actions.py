"""What a command is about to do, in the words a client shows: read, list, search, or unknown."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from spindled.process import quoting
from spindled.tools.commands.command_words import plain_commands
from spindled_protocol.types import (
    ListFilesCommandAction,
    ReadCommandAction,
    SearchCommandAction,
    UnknownCommandAction,
)

if TYPE_CHECKING:
    from spindled_protocol.types import CommandAction

_SED_RANGE = re.compile(r"\d+(,\d+)?p")
_FIND_NAMES = frozenset({"-name", "-iname", "-path", "-ipath", "-regex", "-iregex"})
_FILTERS = frozenset({"head", "tail", "wc", "sort", "uniq", "cut", "tr", "column", "less", "more", "nl", "sed", "awk"})
_VALUE_FLAGS = {
    "rg": frozenset({"-e", "-g", "-t", "-T", "-A", "-B", "-C", "-m", "--glob", "--type", "--max-count", "--context"}),
    "grep": frozenset({"-e", "-f", "-A", "-B", "-C", "-m", "--include", "--exclude", "--exclude-dir"}),
    "fd": frozenset({"-e", "-t", "-d", "-E", "--extension", "--type", "--max-depth", "--exclude"}),
    "tree": frozenset({"-L", "-I", "-P"}),
    "ls": frozenset({"-I", "-w", "--ignore"}),
}


def command_actions(script: str, cwd: Path) -> list[CommandAction]:
    """One action per command that shows something; a script with any other command is one unknown action."""
    commands = plain_commands(script)
    actions = list(_actions(commands, cwd)) if commands else []
    if not actions or None in actions:
        return [UnknownCommandAction(command=script)]
    return [action for action in actions if action is not None]


def _actions(commands: list[list[str]], cwd: Path) -> Iterator[CommandAction | None]:
    shown = 0
    for words in commands:
        if words[0] == "cd" and len(words) == 2:
            cwd = Path(os.path.normpath(cwd / words[1]))
        elif words == ["true"] or (shown and _is_filter(words)):
            continue
        else:
            shown += 1
            yield _action(words, cwd)


def _is_filter(words: list[str]) -> bool:
    """A command that only trims what the one before it prints: it names no file."""
    return words[0] in _FILTERS and _file_of(words) is None and (words[0] != "sed" or words[1:2] == ["-n"])


def _action(words: list[str], cwd: Path) -> CommandAction | None:
    name = words[0]
    if (file := _file_of(words)) is not None:
        path = os.path.normpath(cwd / file)
        return ReadCommandAction(command=quoting.join(words), name=os.path.basename(path), path=path)
    make = _MAKERS.get(" ".join(words[:2])) or _MAKERS.get(name)
    return make(words) if make else None


def _file_of(words: list[str]) -> str | None:
    """The one file whose content the command prints."""
    name, arguments = words[0], words[1:]
    if name in ("head", "tail"):
        arguments = _without_values(arguments, {"-n", "-c", "--lines", "--bytes"})
    elif name == "sed":
        if len(arguments) != 3 or arguments[0] != "-n" or not _SED_RANGE.fullmatch(arguments[1]):
            return None
        return arguments[2]
    elif name == "awk":
        return arguments[1] if len(arguments) == 2 and not arguments[0].startswith("-") else None
    elif name not in ("cat", "nl", "bat", "less", "more"):
        return None
    files = [argument for argument in arguments if not argument.startswith("-")]
    return files[0] if len(files) == 1 else None


def _listing(words: list[str], skip: int = 1) -> CommandAction:
    operands = _operands(words, skip)
    return ListFilesCommandAction(command=quoting.join(words), path=operands[0] if operands else None)


def _search(words: list[str], skip: int = 1) -> CommandAction:
    query, path, *_ = [*_operands(words, skip), None, None]
    return SearchCommandAction(command=quoting.join(words), query=query, path=path)


def _ripgrep(words: list[str]) -> CommandAction:
    return _listing(words) if "--files" in words else _search(words)


def _find(words: list[str]) -> CommandAction | None:
    if any(word in ("-exec", "-execdir", "-delete", "-ok") for word in words):
        return None
    path = words[1] if len(words) > 1 and not words[1].startswith("-") else None
    for flag, value in pairwise(words):
        if flag in _FIND_NAMES:
            return SearchCommandAction(command=quoting.join(words), query=value, path=path)
    return ListFilesCommandAction(command=quoting.join(words), path=path)


_MAKERS: dict[str, Callable[[list[str]], CommandAction | None]] = {
    "ls": _listing,
    "tree": _listing,
    "rg": _ripgrep,
    "grep": _search,
    "fd": _search,
    "find": _find,
    "git grep": lambda words: _search(words, 2),
    "git ls-files": lambda words: _listing(words, 2),
}


def _operands(words: Sequence[str], skip: int) -> list[str]:
    rest = _without_values(words[skip:], _VALUE_FLAGS.get(words[0], frozenset()))
    return [word for word in rest if not word.startswith("-")]


def _without_values(arguments: Sequence[str], flags: frozenset[str] | set[str]) -> list[str]:
    kept = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in flags:
            skip = True
        else:
            kept.append(argument)
    return kept
