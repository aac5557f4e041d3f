"""Shell scripts as syntax trees, by a real grammar whose C code is kept from what it cannot bear.

Its scanner looks characters up in a table that has only the first few hundred (the process dies on others), and its
error recovery takes quadratic time and memory on some scripts. So it is shown ASCII only, and for a limited time.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_CHARACTERS = 256 * 1024
MAX_CPU_SECONDS = 0.1
_CHUNK = 8192
_NOT_ASCII = re.compile(r"[^\0-\x7f]")


class UnreadableScript(ValueError):
    """A script that is too large or too tangled to be taken apart."""


class SyntaxNode:
    """A part of a script. Names are the grammar's."""

    __slots__ = ("_node", "_script")

    def __init__(self, node: Node, script: str) -> None:
        self._node = node
        self._script = script

    @property
    def type(self) -> str:
        return self._node.type

    @property
    def is_named(self) -> bool:
        return self._node.is_named

    @property
    def has_error(self) -> bool:
        """Whether the grammar cannot make sense of some of it."""
        return self._node.has_error

    @property
    def text(self) -> str:
        return self._script[self._node.start_byte : self._node.end_byte]

    @property
    def children(self) -> list[SyntaxNode]:
        return [SyntaxNode(child, self._script) for child in self._node.children]

    @property
    def named_children(self) -> list[SyntaxNode]:
        return [SyntaxNode(child, self._script) for child in self._node.named_children]

    def walk(self) -> Iterator[SyntaxNode]:
        """This node and all named ones below it, in the order of the text."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.named_children))


def parse(script: str) -> SyntaxNode:
    """The whole script. Raises UnreadableScript."""
    if len(script) > MAX_CHARACTERS:
        raise UnreadableScript(f"the script has more than {MAX_CHARACTERS} characters")
    # A letter for each other character: to the shell they are parts of words too, and places in the text stay.
    shown = _NOT_ASCII.sub("x", script).encode()
    end = time.thread_time() + MAX_CPU_SECONDS
    parser = _parser()
    try:
        tree = parser.parse(
            lambda offset, _: shown[offset : offset + _CHUNK],
            encoding="utf8",
            progress_callback=lambda _offset, _error: time.thread_time() > end,
        )
    except ValueError:
        tree = None
    if tree is None:
        parser.reset()
        raise UnreadableScript("the script is too tangled to be taken apart")
    return SyntaxNode(tree.root_node, script)


@functools.cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))
