"""The two spellings: the wire's camelCase, the rollout's snake_case."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

Fields = dict[str, Any]

_UNDERSCORE = re.compile(r"[_-]([a-z0-9])")
_CAPITAL = re.compile(r"(?<!^)([A-Z])")


@cache
def camel(name: str) -> str:
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name)


@cache
def hyphenated(name: str) -> str:
    return _CAPITAL.sub(r"-\1", name).lower()


@cache
def snake(name: str) -> str:
    return _CAPITAL.sub(r"_\1", name).lower()


def renamed(value: Any, rename: Callable[[str], str]) -> Any:
    """`value` with every key, and every string that stands for a variant, renamed: for enums with payloads."""
    if isinstance(value, dict):
        return {
            rename(key): inner if isinstance(inner, str) else renamed(inner, rename) for key, inner in value.items()
        }
    return rename(value) if isinstance(value, str) else value


def renamed_keys(fields: Fields | None, rename: Callable[[str], str]) -> Fields | None:
    return fields and {rename(key): value for key, value in fields.items()}


def path_of(url: str) -> str:
    return unquote(url[7:]) if url.startswith("file://") else url


def url_of(path: str) -> str:
    return f"file://{quote(path)}" if path.startswith("/") else path
