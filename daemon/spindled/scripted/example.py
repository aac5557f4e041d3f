"""A small value that a JSON schema allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

FILLER = "scripted"
MOST_LEVELS = 32
MOST_VALUES = 10_000


def example(schema: dict[str, Any]) -> Any:
    """The value, without the optional properties. Raises ValueError if the schema has no value of bounded size."""
    return _Maker(schema).value(schema, 0)


class _Maker:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._left = MOST_VALUES
        self._makers: dict[str, Callable[[dict[str, Any], int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": _string,
            "integer": _integer,
            "number": _number,
            "boolean": lambda schema, level: False,
        }

    def value(self, schema: Any, level: int) -> Any:
        self._left -= 1
        if level > MOST_LEVELS or self._left < 0:
            raise ValueError("the schema has no end")
        if not isinstance(schema, dict):
            return None
        if "$ref" in schema:
            return self.value(self._resolve(str(schema["$ref"])), level + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self._first_finite(choices, level)
        if "allOf" in schema:
            schema = self._merged([schema, *schema["allOf"]])
        maker = self._makers.get(_kind(schema))
        return maker(schema, level) if maker else None

    def _resolve(self, reference: str) -> Any:
        node: Any = self._root if reference.startswith("#") else None
        for step in reference.split("/")[1:]:
            node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
        if node is None:
            raise ValueError(f"the schema has no {reference}")
        return node

    def _first_finite(self, choices: list[Any], level: int) -> Any:
        """Of the first choice that has a value; those that are no reference, and so cannot recur, are tried first."""
        reason = ValueError("the schema offers no choice")
        for choice in sorted(choices, key=lambda choice: "$ref" in choice):
            try:
                return self.value(choice, level + 1)
            except ValueError as error:
                reason = error
        raise reason

    def _merged(self, schemas: list[Any]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for schema in schemas:
            part = self._resolve(schema["$ref"]) if "$ref" in schema else schema
            properties = {**merged.get("properties", {}), **part.get("properties", {})}
            required = [*merged.get("required", []), *part.get("required", [])]
            merged = {**merged, **part, "properties": properties, "required": required}
        return merged

    def _object(self, schema: dict[str, Any], level: int) -> Any:
        properties = schema.get("properties", {})
        return {name: self.value(properties.get(name, {}), level + 1) for name in schema.get("required", [])}

    def _array(self, schema: dict[str, Any], level: int) -> Any:
        return [self.value(schema.get("items", {}), level + 1) for _ in range(int(schema.get("minItems", 0)))]


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "null"
    return str(kind)


def _string(schema: dict[str, Any], level: int) -> Any:
    shortest, longest = int(schema.get("minLength", 0)), int(schema.get("maxLength", 1 << 16))
    return FILLER.ljust(min(shortest, longest), ".")[:longest]


def _integer(schema: dict[str, Any], level: int) -> Any:
    return math.ceil(_bound(schema, step=1))


def _number(schema: dict[str, Any], level: int) -> Any:
    return _bound(schema, step=0.5)


def _bound(schema: dict[str, Any], step: float) -> Any:
    """Nought, or what the schema's limits allow nearest to it."""
    lowest = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + step)
    highest = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - step)
    if lowest > 0:
        return lowest
    return highest if highest < 0 else 0
