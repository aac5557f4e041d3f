"""Shell scripts taken apart with a real grammar: which commands they run, with which words.

Two readings: `plain_commands` is strict, for what may be allowed (None as soon as anything but literal words is in
the script); `mentioned_commands` is loose, for what must be asked about or refused.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

from spindled.tools.commands.shell_syntax import SyntaxNode, UnreadableScript, parse

_SEQUENCES = frozenset({"program", "list", "pipeline"})
_OPERATORS = frozenset({"&&", "||", "|", ";", "\n"})
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_SCRIPT_FLAGS = frozenset({"-c", "-lc", "-cl"})
_PATCH_COMMANDS = frozenset({"apply_patch", "applypatch"})
_DOUBLE_QUOTED_ESCAPE = re.compile(r"\\(?:([\\\"$`])|\n)")  # a line that is continued leaves nothing
_MAX_DEPTH = 3


class ShellPatch(NamedTuple):
    """A patch that a script would apply, and the folder it enters first."""

    patch: str
    folder: str | None


def plain_commands(script: str) -> list[list[str]] | None:
    """The words of each simple command, in order; None unless the script is nothing but literal commands joined by
    `&&`, `||`, `|` and `;`."""
    try:
        root = parse(script)
    except UnreadableScript:
        return None
    if root.has_error:
        return None
    commands: list[list[str]] = []
    return commands if _collect(root, commands) and commands else None


def mentioned_commands(script: str, depth: int = 0) -> list[list[str]]:
    """Every command that occurs anywhere in the script, also in substitutions, loops and nested shells.

    A word that only the shell can work out is given as it is written. Raises UnreadableScript.
    """
    found: list[list[str]] = []
    for node in parse(script).walk():
        if node.type == "command":
            words = [_literal(child) or child.text for child in _word_nodes(node)]
            words = [word.replace("\\", "") if index == 0 else word for index, word in enumerate(words)]
            found.append(words)
            nested = nested_script(words)
            if nested is not None and depth < _MAX_DEPTH:
                found += mentioned_commands(nested, depth + 1)
    return found


def nested_script(words: list[str]) -> str | None:
    """The script of `bash -lc SCRIPT` and its like."""
    if len(words) == 3 and PurePath(words[0]).name in _SHELLS and words[1] in _SCRIPT_FLAGS:
        return words[2]
    return None


def shell_patch(script: str, depth: int = 0) -> ShellPatch | None:
    """The patch, if applying one is all that the script does: with a heredoc or an argument, after a `cd` or not."""
    if "patch" not in script:
        return None
    try:
        root = parse(script)
    except UnreadableScript:
        return None
    if root.has_error or len(root.named_children) != 1:
        return None
    statement = root.named_children[0]
    heredoc = None
    if statement.type == "redirected_statement":
        body, *redirects = statement.named_children
        if len(redirects) != 1 or redirects[0].type != "heredoc_redirect":
            return None
        heredoc = _heredoc_body(redirects[0])
        statement = body
    commands: list[list[str]] = []
    if not _collect(statement, commands) or "|" in _operators(statement) or "||" in _operators(statement):
        return None
    folder = commands.pop(0)[1] if len(commands) == 2 and commands[0][:1] == ["cd"] and len(commands[0]) == 2 else None
    return _patch_of(commands, heredoc, folder, depth)


def _patch_of(commands: list[list[str]], heredoc: str | None, folder: str | None, depth: int) -> ShellPatch | None:
    if len(commands) != 1:
        return None
    words = commands[0]
    nested = nested_script(words)
    if nested is not None and heredoc is None and folder is None and depth < _MAX_DEPTH:
        return shell_patch(nested, depth + 1)
    if words[0] not in _PATCH_COMMANDS:
        return None
    if len(words) == 1 and heredoc is not None:
        return ShellPatch(heredoc, folder)
    if len(words) == 2 and heredoc is None and words[1].lstrip().startswith("*** Begin Patch"):
        return ShellPatch(words[1], folder)
    return None


def _heredoc_body(redirect: SyntaxNode) -> str | None:
    """The text, if the redirection is a heredoc and nothing else: the grammar puts what follows on its line inside."""
    parts = {child.type: child for child in redirect.named_children}
    if parts.keys() != {"heredoc_start", "heredoc_body", "heredoc_end"} or len(parts) != len(redirect.named_children):
        return None
    return parts["heredoc_body"].text


def _collect(node: SyntaxNode, commands: list[list[str]]) -> bool:
    """Add the commands below `node`; False when it holds anything that is not plain."""
    if node.type == "command":
        words = [_literal(child) for child in _word_nodes(node)]
        if not words or len(words) != len(node.named_children) or None in words:
            return False
        commands.append([word for word in words if word is not None])
        return True
    if node.type not in _SEQUENCES:
        return False
    return all(_collect(child, commands) if child.is_named else child.type in _OPERATORS for child in node.children)


def _operators(node: SyntaxNode) -> set[str]:
    return {child.type for each in node.walk() if each.type in _SEQUENCES for child in each.children}


def _word_nodes(command: SyntaxNode) -> list[SyntaxNode]:
    return [
        child.named_children[0] if child.type == "command_name" and child.named_children else child
        for child in command.named_children
        if child.type not in ("variable_assignment", "file_redirect", "heredoc_redirect", "herestring_redirect")
    ]


def _literal(node: SyntaxNode) -> str | None:
    """The word as the command would get it; None when the shell has to work it out."""
    text = node.text
    if node.type in ("word", "number"):
        # A bare backslash, tilde or brace is rewritten by the shell; a glob stays itself or becomes file names.
        return None if "\\" in text or "{" in text or text.startswith("~") or node.named_children else text
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "string":
        if any(child.is_named and child.type != "string_content" for child in node.children):
            return None
        return _DOUBLE_QUOTED_ESCAPE.sub(r"\1", text[1:-1])
    if node.type == "concatenation":
        parts = [_literal(child) for child in node.children]
        return None if None in parts else "".join(part for part in parts if part is not None)
    return None
