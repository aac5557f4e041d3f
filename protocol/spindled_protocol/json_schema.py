"""The wire as JSON Schema (draft 7), in the files in which the reference's `generate-json-schema` writes it.

Each type that a message is made of gets a file with all definitions that it needs; two bundles hold everything, one
with the older names apart, one flat.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from spindled_protocol.description import JsonObject, Wire

__all__ = ["json_schemas", "write_json_schemas"]

DRAFT = "http://json-schema.org/draft-07/schema#"
BUNDLE = "codex_app_server_protocol.schemas.json"
FLAT_BUNDLE = "codex_app_server_protocol.v2.schemas.json"
NULL = {"type": "null"}

PLAIN: dict[str, JsonObject] = {
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "float": {"type": "number", "format": "double"},
    "Amount": {"type": "number", "format": "double", "minimum": 0},
    "int": {"type": "integer", "format": "int64"},
    "Int32": {"type": "integer", "format": "int32"},
    **{f"UInt{width}": {"type": "integer", "format": f"uint{width}", "minimum": 0} for width in (8, 16, 32, 64)},
    "Any": {},
    "None": NULL,
}


def write_json_schemas(folder: Path, *, experimental: bool = False) -> None:
    """Raises OSError."""
    for name, document in json_schemas(experimental=experimental).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def json_schemas(*, experimental: bool = False) -> dict[str, JsonObject]:
    """The documents by their paths within the folder."""
    wire = Wire(experimental=experimental, schema=True)
    schemas = Schemas(wire)
    found: dict[str, JsonObject] = {}
    for name, place in wire.layout.items():
        if name in wire.rows and place["schema"] is not None:
            found[f"{place['schema']}/{name}.json".lstrip("/")] = schemas.document(name)
    found[BUNDLE] = schemas.bundle()
    found[FLAT_BUNDLE] = schemas.flat_bundle()
    return found


class Schemas:
    """References are to `#/definitions/NAME`; a bundle moves them to where its definitions are."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._named = [name for name in wire.layout if name in wire.rows]
        self._schemas = {name: {**self._row(name), "title": name} for name in self._named}
        self._uses = {name: references(schema) for name, schema in self._schemas.items()}

    def document(self, name: str) -> JsonObject:
        """A type with the definitions of what it uses."""
        needed: set[str] = set()
        todo = list(self._uses[name])
        while todo:
            used = todo.pop()
            if used not in needed:
                needed.add(used)
                todo += self._uses[used]
        definitions = {used: self._schemas[used] for used in sorted(needed)}
        return {"$schema": DRAFT, **self._schemas[name], **({"definitions": definitions} if needed else {})}

    def bundle(self) -> JsonObject:
        places = {name: self._wire.layout[name]["bundle"] for name in self._named}
        top = {name: moved(self._schemas[name], places) for name, place in places.items() if not place}
        newer = {name: moved(self._schemas[name], places) for name, place in places.items() if place}
        return framed("CodexAppServerProtocol", {**top, "v2": newer})

    def flat_bundle(self) -> JsonObject:
        names = [name for name in self._named if self._wire.layout[name]["flat"]]
        return framed("CodexAppServerProtocolV2", {name: self._schemas[name] for name in names})

    def _row(self, name: str) -> JsonObject:
        row = self._wire.rows[name]
        match row["kind"]:
            case "enum":
                return {"type": "string", "enum": row["values"]}
            case "alias":
                return self._expression(ast.parse(row["type"], mode="eval").body)
            case "union":
                return self._union(row)
        return self._struct(row)

    def _union(self, row: JsonObject) -> JsonObject:
        options: list[JsonObject] = []
        for member in self._wire.members(row):
            schema = self._expression(member)
            options += schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
        return {"oneOf" if all("$ref" not in option for option in options) else "anyOf": options}

    def _struct(self, row: JsonObject) -> JsonObject:
        fields = {field["name"]: field for field in self._wire.fields(row)}
        alternatives = row.get("alternatives", ())
        of_one = {name for alternative in alternatives for name in alternative["fields"]}
        common = self._object([field for name, field in fields.items() if name not in of_one], row)
        if not alternatives:
            return common
        options = []
        for alternative in alternatives:
            own = self._object([fields[name] for name in alternative["fields"] if name in fields], {})
            options.append({**own, "required": alternative["required"]})
        return {"anyOf": options} if not common["properties"] else {**common, "anyOf": options}

    def _object(self, fields: list[JsonObject], row: JsonObject) -> JsonObject:
        properties: JsonObject = {}
        required: list[str] = []
        if "tag" in row:
            properties[row["tag"][0]] = {"type": "string", "enum": [row["tag"][1]]}
            required.append(row["tag"][0])
        for field in fields:
            schema = self._expression(ast.parse(field["type"], mode="eval").body)
            if "default" in field:
                schema = {**schema, "default": field["default"]} if "$ref" not in schema else defaulted(schema, field)
            properties[field["name"]] = schema
            if is_required(field):
                required.append(field["name"])
        made: JsonObject = {"type": "object", "properties": properties}
        if required:
            made["required"] = sorted(required)
        if row.get("strict"):
            made["additionalProperties"] = False
        return made

    def _expression(self, expression: ast.expr) -> JsonObject:
        match expression:
            case ast.Constant(value=None):
                return NULL
            case ast.Name(id=name) if name in PLAIN:
                return dict(PLAIN[name])
            case ast.Name(id=name):
                return self._row(name) if self._wire.inlined(name) else {"$ref": f"#/definitions/{name}"}
            case ast.Subscript(value=ast.Name(id="list"), slice=item):
                return {"type": "array", "items": self._expression(item)}
            case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[_, value])):
                return {"type": "object", "additionalProperties": self._expression(value) or True}
            case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
                words = values.elts if isinstance(values, ast.Tuple) else [values]
                return {"type": "string", "enum": [ast.literal_eval(word) for word in words]}
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return either(self._expression(left), self._expression(right))
        raise ValueError(f"not an expression of the wire: {ast.unparse(expression)}")


def is_required(field: JsonObject) -> bool:
    """Whether who writes the object must write this field."""
    usual = not (field["optional"] or "default" in field or field["type"].endswith("| None"))
    return bool(field.get("required", usual))


def either(one: JsonObject, other: JsonObject) -> JsonObject:
    if other == NULL and isinstance(one.get("type"), str) and "enum" not in one:
        return {**one, "type": [one["type"], "null"]}
    first = one["anyOf"] if one.keys() == {"anyOf"} else [one]
    return {"anyOf": [*first, other]}


def defaulted(schema: JsonObject, field: JsonObject) -> JsonObject:
    """Draft 7 passes over what stands beside a reference."""
    return {"allOf": [schema], "default": field["default"]}


def references(schema: Any) -> set[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(schema, dict):
        own = {schema["$ref"].rsplit("/", 1)[1]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*map(references, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(references, schema))
    return set()


def moved(schema: Any, places: dict[str, str]) -> Any:
    """The schema with its references led to the part of the bundle where each name is."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            name = schema["$ref"].rsplit("/", 1)[1]
            return {"$ref": "/".join(filter(None, ["#/definitions", places[name], name]))}
        return {key: moved(value, places) for key, value in schema.items()}
    if isinstance(schema, list):
        return [moved(value, places) for value in schema]
    return schema


def framed(title: str, definitions: JsonObject) -> JsonObject:
    return {"$schema": DRAFT, "title": title, "type": "object", "definitions": definitions}
