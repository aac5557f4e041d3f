"""Dotted keys: `-c key=value` flags and the `config` map of a request become tables like any other layer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from spindled.config.errors import ConfigError

_SEGMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([^.\s"\']+)')


def split_key(key: str) -> tuple[str, ...]:
    """`a."b.c".d` -> `("a", "b.c", "d")`. Raises ConfigError for an empty or broken key."""
    parts: list[str] = []
    position = 0
    while match := _SEGMENT.match(key, position):
        double, single, bare = match.groups()
        parts.append(re.sub(r"\\(.)", r"\1", double) if double is not None else single if single is not None else bare)
        position = match.end()
        if position == len(key):
            return tuple(parts)
        if key[position] != ".":
            break
        position += 1
    raise ConfigError(f"`{key}` is not a configuration key")


def parse_flag(flag: str) -> tuple[str, Any]:
    """`key=value` as given to `-c`: the value is TOML if it reads as one TOML value, else the text itself."""
    key, equals, text = flag.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"`{key.strip()}` is not an override: expected key=value")
    return key.strip(), _toml_value(text.strip())


def nest(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Overrides as one nested table. Of two values for a key the later wins; None means not given."""
    table: dict[str, Any] = {}
    for key, value in pairs:
        if value is None:
            continue
        *parents, last = split_key(key)
        target = table
        for name in parents:
            below = target.get(name)
            if not isinstance(below, dict):
                below = target[name] = {}
            target = below
        if isinstance(value, dict):
            below = target.get(last)
            target[last] = merge(below if isinstance(below, dict) else {}, value)
        else:
            target[last] = value
    return table


def merge(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """A new table: tables merge, everything else (lists too) is replaced. None in `upper` means not given."""
    result = dict(lower)
    for key, value in upper.items():
        if isinstance(value, dict):
            below = result.get(key)
            result[key] = merge(below if isinstance(below, dict) else {}, value)
        elif value is not None:
            result[key] = value
    return result


def _toml_value(text: str) -> Any:
    import tomllib

    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if len(document) == 1 else text
