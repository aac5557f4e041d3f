"""What only the TypeScript of a reference server declares, as JSON Schema: older methods, and the types they need.

A type whose name a newer one has too gets another name here, as all of ours are in one space.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

JsonObject = dict[str, Any]

NULL = {"type": "null"}
PLAIN: dict[str, JsonObject] = {"string": {"type": "string"}, "boolean": {"type": "boolean"}, "null": NULL}
IMPORT = re.compile(r'^import type \{ (\w+) \} from "(\S+)";$', re.MULTILINE)
BODY = re.compile(r"^export type \w+ = (.*);$", re.MULTILINE | re.DOTALL)
REQUEST = re.compile(r'\{ "method": "([^"]+)", id: RequestId, params: (\w+)\b')
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\?:|[^\s\w]')


class Request(NamedTuple):
    """A method of the client, by the names of its types."""

    method: str
    params: str
    result: str


class Declared:
    """`folder`: what generate-ts wrote. `places`: of the types that the schema has, the folder of their TypeScript."""

    def __init__(self, folder: Path, places: dict[str, str]) -> None:
        self._folder = folder
        self._places = places
        self.schemas: dict[str, JsonObject] = {}
        """The types that were needed and are not in the schema."""
        self.named: dict[str, str] = {}
        """Those of them with a name of their own on the wire, and the folder of each."""

    def requests(self, known: set[str]) -> list[Request]:
        """The client's methods that are not `known`; afterwards `schemas` has their types."""
        found = REQUEST.findall((self._folder / "ClientRequest.ts").read_text())
        rows = [
            Request(name, params, params.removesuffix("Params") + "Response")
            for name, params in found
            if name not in known
        ]
        for row in rows:
            self.name_of(self._folder / row.params)
            self.name_of(self._folder / row.result)
        return rows

    def name_of(self, path: Path) -> str:
        """Our name of the type that a file (without its suffix) declares; it is read if the schema has it not."""
        place = "/".join(path.relative_to(self._folder).parts[:-1])
        if self._places.get(path.name) == place:
            return path.name
        name = f"Older{path.name}" if path.name in self._places else path.name
        if name not in self.schemas:
            self.schemas[name] = {}  # for one that contains itself
            self.schemas[name] = self._read(path)
            if name == path.name:
                self.named[name] = place
        return name

    def _read(self, path: Path) -> JsonObject:
        text = path.with_suffix(".ts").read_text()
        imports = {name: (path.parent / target).resolve() for name, target in IMPORT.findall(text)}
        body = BODY.search(re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL))
        if body is None:
            raise ValueError(f"{path} declares no type")
        return Parser(TOKEN.findall(body[1]), lambda name: self.name_of(imports[name])).whole()


class Parser:
    """Of what generate-ts writes only what an older method has needed; anything else is an error, not a guess."""

    def __init__(self, tokens: list[str], name_of: Any) -> None:
        self._tokens = tokens
        self._name_of = name_of

    def whole(self) -> JsonObject:
        schema = self._union()
        if self._tokens:
            raise ValueError(f"not understood: {' '.join(self._tokens)}")
        return schema

    def _union(self) -> JsonObject:
        options = [self._one()]
        while self._tokens[:1] == ["|"]:
            self._tokens.pop(0)
            options.append(self._one())
        return options[0] if len(options) == 1 else {"anyOf": options}

    def _one(self) -> JsonObject:
        token = self._tokens.pop(0)
        if token == "{":
            return self._object()
        if token.startswith('"'):
            return {"type": "string", "enum": [token.strip('"')]}
        return PLAIN[token] if token in PLAIN else {"$ref": f"#/definitions/{self._name_of(token)}"}

    def _object(self) -> JsonObject:
        properties: JsonObject = {}
        required = []
        while (name := self._tokens.pop(0).strip('"')) != "}":
            optional = self._tokens.pop(0) == "?:"
            properties[name] = self._union()
            if not optional and NULL not in properties[name].get("anyOf", ()):
                required.append(name)
            if self._tokens[0] == ",":
                self._tokens.pop(0)
        return {"type": "object", "properties": properties, "required": required}
