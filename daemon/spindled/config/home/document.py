"""Edits of a TOML text that leave the rest of it as it is: comments, order, blanks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, MutableMapping
from typing import Any, NamedTuple

from spindled.config.layers.overrides import merge
from spindled.config.layers.positions import locate
from spindled.config.layers.validate import dotted

INTEGERS = range(-(2**63), 2**63)


class Edit(NamedTuple):
    """What is to be at a key. `value` is JSON; None removes the key. With `upsert` a table is merged into the old one,
    otherwise it takes its place."""

    path: tuple[str, ...]
    value: Any
    upsert: bool = False


class EditError(ValueError):
    """An edit that a TOML file cannot hold; the message quotes no value."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits; the same text if they change nothing.

    Raises EditError, and another ValueError if the text is no TOML. The result is parsed again: it means exactly what
    the edits say, or there is none.
    """
    edits = list(edits)
    before = tomllib.loads(text)
    after = before
    for edit in edits:
        check(edit.value, edit.path)
        after = applied(after, edit)
    if same(before, after):
        return text
    result = rewritten(text, edits)
    if result is None or not same(meaning(result), after):
        raise EditError("the file is written in a way that cannot be edited without loss: change it by hand")
    return result


def applied(table: dict[str, Any], edit: Edit) -> dict[str, Any]:
    """The table that an edit leads to."""
    (name, *rest), value = edit.path, edit.value
    old = table.get(name)
    if rest:
        if value is None and not isinstance(old, dict):
            return table
        value = applied(old if isinstance(old, dict) else {}, edit._replace(path=tuple(rest)))
    elif edit.upsert and isinstance(value, dict) and isinstance(old, dict):
        value = merge(old, value)
    if value is None:
        return {key: old for key, old in table.items() if key != name}
    return {**table, name: value}


def same(one: Any, other: Any) -> bool:
    """Whether two tables are equal, 1, 1.0 and true being three values."""
    first, second = (json.dumps(table, sort_keys=True, default=repr) for table in (one, other))
    return first == second


def check(value: Any, path: tuple[str | int, ...]) -> None:
    """Raises EditError for what TOML has no form for; None as a whole is no value but a removal."""
    if isinstance(value, dict):
        entries: Iterable[tuple[str | int, Any]] = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    else:
        if isinstance(value, int) and value not in INTEGERS:
            raise EditError(f"invalid value at `{dotted(path)}`: the number is too large")
        return
    for key, entry in entries:
        if entry is None:
            raise EditError(f"invalid value at `{dotted((*path, key))}`: there is no null in TOML")
        check(entry, (*path, key))


def meaning(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def rewritten(text: str, edits: Iterable[Edit]) -> str | None:
    """None where the library does not manage it."""
    import tomlkit  # 50 ms, only for who writes

    try:
        for edit in edits:
            line = line_before(text, edit)
            if line is not None:
                lines = text.split("\n")
                lines.insert(line, tomlkit.dumps({edit.path[0]: edit.value}).rstrip("\n"))
                text = "\n".join(lines)
                continue
            document = tomlkit.parse(text)
            put(document, edit)
            text = tomlkit.dumps(document)
        return text
    except Exception:  # whatever it stumbles over: the file stays as it is
        return None


def line_before(text: str, edit: Edit) -> int | None:
    """How many lines stand before a new plain key of the whole file: a comment above the first table stays there.

    None: the edit is another one, or there are no such keys yet.
    """
    table = tomllib.loads(text)
    if len(edit.path) > 1 or edit.path[0] in table or not plain(edit.value):
        return None
    spans = [locate(text, (key,)) for key, value in table.items() if plain(value)]
    last = max((span.end_line for span in spans if span is not None), default=0)
    return last or None


def plain(value: Any) -> bool:
    """Whether it is written after a key: no table, no list of tables."""
    if isinstance(value, list):
        return not any(isinstance(entry, dict) for entry in value)
    return value is not None and not isinstance(value, dict)


def put(document: MutableMapping[str, Any], edit: Edit) -> None:
    """Apply an edit to a tomlkit document."""
    from tomlkit import inline_table, table
    from tomlkit.items import InlineTable

    *parents, last = edit.path
    target = document
    for name in parents:
        below = target.get(name)
        if not isinstance(below, dict):
            if edit.value is None:
                return
            target[name] = inline_table() if isinstance(target, InlineTable) else table(is_super_table=True)
            below = target[name]
        target = below
    old = target.get(last)
    if edit.value is None:
        target.pop(last, None)
    elif edit.upsert and isinstance(edit.value, dict) and isinstance(old, dict):
        for key, value in edit.value.items():
            put(old, Edit((key,), value, upsert=True))
    else:
        target[last] = edit.value
