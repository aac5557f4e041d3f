"""Command lines: flags, their values and plain words, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

__all__ = ["UsageError", "read_flags"]

T = TypeVar("T")


class UsageError(Exception):
    """A command line that makes no sense; the text says why."""


def read_flags(
    arguments: list[str],
    options: T,
    values: Mapping[str, Callable[[T, str], None]],
    flags: Mapping[str, Callable[[T], None]],
    word: Callable[[T, str], None],
) -> None:
    """Calls what belongs to each argument: `values` for flags with a value, `word` for all that is no flag.

    What follows `--` is words. Raises UsageError.
    """
    rest = _words(arguments)
    for argument in rest:
        if argument == "--":
            for plain in rest:
                word(options, plain)
            return
        if not argument.startswith("-") or argument == "-":
            word(options, argument)
            continue
        name, value = _split(argument)
        if name in values:
            value = next(rest, None) if value is None else value
            if value is None:
                raise UsageError(f"option '{name}' needs a value")
            values[name](options, value)
        elif name in flags and value is None:
            flags[name](options)
        elif name in flags:
            raise UsageError(f"option '{name}' takes no value")
        else:
            raise UsageError(f"unknown option '{name}'")


def _words(arguments: list[str]) -> Iterator[str]:
    """Bundled flags taken apart: -vv is -v -v."""
    for word in arguments:
        if word.startswith("-v") and not word[1:].strip("v"):
            yield from ["-v"] * (len(word) - 1)
        else:
            yield word


def _split(word: str) -> tuple[str, str | None]:
    """--name=value, -nvalue and -n=value into name and value."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:].removeprefix("=") or None
