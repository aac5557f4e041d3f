"""The wire as data: what `interface/` and `extensions.json` say of every type and method.

A type is a row: a struct with fields, an enum with values, a union with members or an alias of an expression. An
expression is written as in Python: `list[Turn] | None`, `dict[str, Any]`, `Literal['a']`. protocol/refresh.py writes
these rows, protocol/generate.py makes our types of them; here they are read.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

__all__ = ["NUMBERS", "JsonObject", "Wire", "names_in", "read_layout", "read_methods", "read_types", "read_version"]

JsonObject = dict[str, Any]

HERE = Path(__file__).parent
NUMBERS = ("Amount", "Int32", "UInt8", "UInt16", "UInt32", "UInt64")
MESSAGES: dict[str, tuple[str, list[JsonObject]]] = {
    "client_request": ("ClientRequest", [{"name": "id", "type": "RequestId", "optional": False}]),
    "server_request": ("ServerRequest", [{"name": "id", "type": "RequestId", "optional": False}]),
    "server_notification": ("ServerNotification", [{"name": "emittedAtMs", "type": "int", "optional": True}]),
}
"""The union of the messages of a kind, and what they have beside their method and params."""
BUILT_IN = {"Any", "Literal", "None", "bool", "dict", "float", "int", "list", "str"}


def read_methods() -> list[JsonObject]:
    """The rows of the interface and our own. Raises ValueError where the interface has come to use one of our names."""
    methods: list[JsonObject] = _read("methods.json")
    taken = {method["method"] for method in methods}
    for method in _extensions()["methods"]:
        if method["method"] in taken:
            raise ValueError(f"extensions.json: the interface has a method {method['method']} now")
        methods.append({**method, "experimental": True, "own": True})
    return methods


def read_version() -> str:
    return str(_read("version.json")["wire"])


def read_layout() -> dict[str, JsonObject]:
    """The types with a name of their own, and where their definitions are written."""
    layout: dict[str, JsonObject] = _read("layout.json")
    return layout


def read_types() -> dict[str, JsonObject]:
    """The rows of the interface and our own. Raises ValueError where the interface has come to use one of our names."""
    rows: dict[str, JsonObject] = _read("types.json")
    extensions = _extensions()
    for name, row in extensions["types"].items():
        if name in rows:
            raise ValueError(f"extensions.json: the interface has a type {name} now")
        rows[name] = {**row, "own": True}
        if row["kind"] == "struct":
            rows[name]["fields"] = [{"optional": True, **field} for field in row["fields"]]
    for name, fields in extensions["fields"].items():
        taken = {field["name"] for field in rows[name]["fields"]}
        for field in fields:
            if field["name"] in taken:
                raise ValueError(f"extensions.json: the interface has a field {name}.{field['name']} now")
        rows[name]["fields"] += map(_own, fields)
    for method in extensions["methods"]:
        union, envelope = MESSAGES[method["kind"]]
        name = "".join(word[0].upper() + word[1:] for word in method["method"].split("/")) + union
        fields = [*envelope, {"name": "params", "type": method["params"], "optional": False}]
        rows[name] = {
            "kind": "struct",
            "fields": [{**field, "experimental": True} for field in fields],
            "tag": ["method", method["method"]],
        }
        rows[union]["members"].append(name)
    return rows


def names_in(expression: str) -> set[str]:
    """The types that an expression names."""
    without_strings = re.sub(r"'[^']*'", "", expression)
    return set(re.findall(r"[A-Za-z_]\w*", without_strings)) - BUILT_IN - set(NUMBERS)


class Wire:
    """What a client may see of the wire: all of it, or only what is stable; with `schema`, what JSON Schema has of it.

    Types without a name of their own are written out where they are used.
    """

    def __init__(self, *, experimental: bool, schema: bool = False) -> None:
        self.experimental = experimental
        self.schema = schema
        self.rows = read_types()
        self.layout = {
            name: place
            for name, place in read_layout().items()
            if (experimental or not place.get("experimental")) and not (schema and place["bundle"] is None)
        }
        if experimental:
            ours = {"bundle": "v2", "flat": True, "schema": None, "ts": "v2"}
            said = {name for method in read_methods() for name in (method["params"], method.get("result"))}
            for name, row in self.rows.items():
                if row.get("own"):
                    self.layout[name] = {**ours, "schema": "v2"} if name in said else ours

    def fields(self, row: JsonObject) -> list[JsonObject]:
        return [field for field in row["fields"] if self.experimental or not field.get("experimental")]

    def members(self, row: JsonObject) -> list[ast.expr]:
        """The members of a union."""
        expressions = [ast.parse(member, mode="eval").body for member in row["members"]]
        return [expression for expression in expressions if not self._hidden(expression)]

    def inlined(self, name: str) -> bool:
        return name not in self.layout

    def _hidden(self, member: ast.expr) -> bool:
        """Whether all of a variant is experimental, or it is not in the schema."""
        if not isinstance(member, ast.Name) or not self.inlined(member.id):
            return False
        row = self.rows.get(member.id, {})
        if self.schema and not row.get("schema", True):
            return True
        fields = row.get("fields", ())
        return not self.experimental and bool(fields) and all(field.get("experimental") for field in fields)


def _own(field: JsonObject) -> JsonObject:
    return {**field, "optional": True, "experimental": True, "own": True}


def _extensions() -> JsonObject:
    return dict(json.loads((HERE / "extensions.json").read_text(encoding="utf-8")))


def _read(name: str) -> Any:
    return json.loads((HERE / "interface" / name).read_text(encoding="utf-8"))
