"""Command lines as the wire shows them: POSIX shell words, quoted the way the reference quotes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-./:@]_")
_NOT_SINGLE = frozenset("'\\^")  # ^ may only follow the opening quote
_NOT_DOUBLE = frozenset("`$!^")


def join(words: Sequence[str]) -> str:
    return " ".join(quote(word) for word in words)


def split(command: str) -> list[str]:
    """The words of a command line; the whole as one word if its quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError:
        return [command]


def quote(word: str) -> str:
    """One shell word. Single quotes where they do, else double; a word that fits neither is cut into quoted chunks."""
    if not word:
        return "''"
    if _PLAIN.issuperset(word):
        return word
    if _NOT_SINGLE.isdisjoint(word):
        return f"'{word}'"
    chunks = []
    while word:
        size, text = _chunk(word)
        chunks.append(text)
        word = word[size:]
    return "".join(chunks)


def _chunk(word: str) -> tuple[int, str]:
    """The longest start of `word` that one kind of quotes can hold: its length and its quoted text."""
    plain, single, double = True, True, True
    size = 0
    if word[0] == "^":
        plain, double, size = False, False, 1
    for character in word[size:]:
        may = (
            plain and character in _PLAIN,
            single and character not in _NOT_SINGLE,
            double and character not in _NOT_DOUBLE,
        )
        if not any(may):
            break
        plain, single, double = may
        size += 1
    text = word[:size]
    if plain:
        return size, text
    if single:
        return size, f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return size, f'"{escaped}"'
