"""A tool's input schema as every provider takes it: the parts of JSON Schema that models use, each with a type."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

MOST_DEPTH = 32
KEPT = ("$ref", "type", "description", "enum", "required")
TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
COMBINED = ("anyOf", "oneOf", "allOf")
DEFINITIONS = ("$defs", "definitions")


def tool_schema(schema: Json) -> Json:
    """Always of an object. What cannot be understood becomes a text: the server judges what it is given."""
    parameters = cleaned(schema, 0)
    return {**parameters, "type": "object", "properties": parameters.get("properties", {})}


def cleaned(schema: Any, depth: int) -> Json:
    if not isinstance(schema, dict) or depth > MOST_DEPTH:
        return {"type": "string"}
    kept: Json = {key: schema[key] for key in KEPT if key in schema and fits(key, schema[key])}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    for key in COMBINED:
        if isinstance(schema.get(key), list) and schema[key]:
            kept[key] = [cleaned(each, depth + 1) for each in schema[key]]
    for key in ("properties", *DEFINITIONS):
        if isinstance(schema.get(key), dict):
            kept[key] = {name: cleaned(each, depth + 1) for name, each in schema[key].items()}
    if isinstance(schema.get("items"), dict | bool):
        kept["items"] = cleaned(schema["items"], depth + 1)
    more = schema.get("additionalProperties")
    if isinstance(more, bool):
        kept["additionalProperties"] = more
    elif isinstance(more, dict):
        kept["additionalProperties"] = cleaned(more, depth + 1)
    return typed(kept)


def typed(schema: Json) -> Json:
    """With a type, and with what the type needs."""
    if "type" not in schema and "$ref" not in schema and not any(key in schema for key in COMBINED):
        if "properties" in schema or "additionalProperties" in schema:
            schema["type"] = "object"
        else:
            schema["type"] = "array" if "items" in schema else "string"
    if schema.get("type") == "array" and "items" not in schema:
        schema["items"] = {"type": "string"}
    if schema.get("type") == "object" and "properties" not in schema:
        schema["properties"] = {}
    return schema


def fits(key: str, value: Any) -> bool:
    if key == "type":
        kinds = value if isinstance(value, list) else [value]
        return bool(kinds) and all(isinstance(kind, str) and kind in TYPES for kind in kinds)
    if key == "enum":
        return isinstance(value, list) and bool(value)
    if key == "required":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)
