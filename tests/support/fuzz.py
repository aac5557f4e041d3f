"""Params for every method, made from the description of the wire: what fits, what lacks something, what is odd.

Nothing made here names a path outside a folder of the test's own, and no command but `true`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from spindled_protocol.description import JsonObject, read_types
from spindled_protocol.json_schema import is_required

LONG = "x" * 70_000
ODD_TEXTS = ("", " ", "\x00", "ü\U0001f600\u202e", "../..", "[", "%s{}", "null", "-1", "0" * 5_000, LONG)
ODD_INTEGERS = (0, -1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**40)
ODD_NUMBERS = (0.0, -0.5, 1e308)
OTHERS: tuple[Any, ...] = (None, True, 7, 2.5, "text", [], ["text"], {}, {"type": "nothing"})
"""One value of each kind of JSON: most of them are of a wrong type, wherever they stand."""

PATH_TYPES = {"AbsolutePathBuf", "LegacyAppPathString"}
PATH_NAMES = re.compile(r"path|cwd|root|dir|folder|file(?!change)|source$|destination|uri$", re.IGNORECASE)
COMMANDS = {"command"}
DEEPEST = 4


class Case(NamedTuple):
    """`lacking`: the field that must be there and is not."""

    label: str
    params: Any
    lacking: str | None = None


class Maker:
    """`known`: what fields of these names hold, such as the id of a thread that there is."""

    def __init__(self, folder: Path, known: dict[str, Any]) -> None:
        self._rows = read_types()
        self._folder = folder
        self._known = known

    def cases(self, params: str | None) -> Iterator[Case]:
        """What a method with these params is asked."""
        if params is None:
            yield from (Case(f"params {value!r:.20}", value) for value in (None, {}, [], 7))
            return
        for kind in self._structs(params):
            yield from self._of_struct(kind)
        yield from (Case(f"params {value!r:.20}", value) for value in OTHERS)

    def _of_struct(self, name: str) -> Iterator[Case]:
        row = self._rows[name]
        least, most = self._struct(row, full=False), self._struct(row, full=True)
        yield Case(f"{name} with the least", least)
        yield Case(f"{name} with everything", most)
        yield Case(f"{name} and more", {**most, "unknownField": 1})
        for field in row["fields"]:
            key = field["name"]
            if key in least:
                without = {other: value for other, value in least.items() if other != key}
                yield Case(f"{name} without {key}", without, key if is_required(field) else None)
            for value in [*self._odd(field), *self._wrong(field)]:
                yield Case(f"{name} {key}={value!r:.30}", {**least, key: value})

    def _structs(self, name: str) -> list[str]:
        """The structs that a type may be."""
        row = self._rows[name]
        if row["kind"] == "struct":
            return [name]
        members = row["members"] if row["kind"] == "union" else [row["type"]]
        return [found for member in members if member in self._rows for found in self._structs(member)]

    # -- values that fit

    def _struct(self, row: JsonObject, *, full: bool, depth: int = 0) -> JsonObject:
        made = {row["tag"][0]: row["tag"][1]} if "tag" in row else {}
        needed = set(row["alternatives"][0]["required"]) if row.get("alternatives") else set()
        for field in row["fields"]:
            if is_required(field) or field["name"] in needed or (full and depth < DEEPEST and not needed):
                made[field["name"]] = self._fitting(field["type"], field["name"], depth)
        return made

    def _fitting(self, expression: str | ast.expr, name: str, depth: int) -> Any:
        tree = ast.parse(expression, mode="eval").body if isinstance(expression, str) else expression
        match tree:
            case ast.Constant(value=None):
                return None
            case ast.BinOp(left=left):
                return self._fitting(left, name, depth)
            case ast.Subscript(value=ast.Name(id="list"), slice=item):
                return [] if depth >= DEEPEST else [self._fitting(item, name, depth + 1)]
            case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[_, value])):
                return {} if depth >= DEEPEST else {"key": self._fitting(value, name, depth + 1)}
            case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
                return ast.literal_eval(values.elts[0] if isinstance(values, ast.Tuple) else values)
            case ast.Name(id=type_name):
                return self._named(type_name, name, depth)
        raise AssertionError(ast.unparse(tree))

    def _named(self, type_name: str, name: str, depth: int) -> Any:
        if type_name in PATH_TYPES or type_name == "str":
            return self._text(type_name, name)
        plain = {"bool": True, "float": 1.0, "Amount": 1.0, "Any": {"key": "value"}, "None": None}
        if type_name in plain:
            return plain[type_name]
        row = self._rows.get(type_name)
        if row is None:
            return 1  # the integers
        match row["kind"]:
            case "enum":
                return row["values"][0]
            case "alias":
                return self._fitting(row["type"], name, depth)
            case "union":
                return self._fitting(row["members"][0], name, depth)
        return self._struct(row, full=True, depth=depth + 1)

    def _text(self, type_name: str, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        if name in COMMANDS:
            return "true"
        return str(self._folder / "file") if self._is_path(type_name, name) else "text"

    def _is_path(self, type_name: str, name: str) -> bool:
        return type_name in PATH_TYPES or PATH_NAMES.search(name) is not None

    # -- values that are odd, and values that are wrong

    def _odd(self, field: JsonObject) -> list[Any]:
        """Of the right type."""
        kind, name = field["type"].removesuffix(" | None"), field["name"]
        if kind in PATH_TYPES or (kind == "str" and self._is_path(kind, name)):
            return [f"{self._folder}/{text}" for text in ODD_TEXTS if ".." not in text]
        if name in COMMANDS:
            return [[], ["true"] * 2_000] if kind.startswith("list") else []
        if kind == "str" or self._rows.get(kind, {}).get("type") == "str":
            return list(ODD_TEXTS)
        if kind == "int" or kind.startswith(("UInt", "Int")):
            return list(ODD_INTEGERS)
        if kind in ("float", "Amount"):
            return list(ODD_NUMBERS)
        if kind.startswith("list["):
            one = self._fitting(kind, name, 0)
            return [[], one * 500]
        if kind == "Any":
            return [nested(200), [LONG], None]
        return []

    def _wrong(self, field: JsonObject) -> list[Any]:
        """Text is never put where it could be taken for a path or a command."""
        unsafe = field["name"] in COMMANDS or self._is_path(field["type"], field["name"])
        return [value for value in OTHERS if not (unsafe and value in ("text", ["text"]))]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value
