"""Read what a reference server says of its wire and keep only the facts in `interface/`.

    codex app-server generate-json-schema --out SCHEMA                 # stable
    codex app-server generate-json-schema --experimental --out SCHEMA_X
    codex app-server generate-ts --out TS
    codex app-server generate-ts --experimental --out TS_X
    python protocol/refresh.py --version X.Y.Z --stable SCHEMA --schema SCHEMA_X --stable-ts TS --ts TS_X
    python protocol/generate.py && git diff protocol/

The JSON Schema gives structure and integer widths; the TypeScript tells `x: T | null` (always sent) from `x?: T`
(may be absent), which the schema does not; the stable schema tells what is experimental. Descriptions are dropped.
Older methods that only the TypeScript declares are read from there (`declarations.py`).
`layout.json` says which types have a name of their own, and in which files their definitions are written.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from declarations import Declared, Request

INTERFACE = Path(__file__).parent / "interface"
JsonObject = dict[str, Any]

SCALARS = {"string": "str", "boolean": "bool", "number": "float", "null": "None"}
INTEGERS = {"int64": "int", "int32": "Int32"} | {f"uint{w}": f"UInt{w or 64}" for w in ("", "8", "16", "32", "64")}
# Responses whose names do not follow from the method's params or name.
RESULTS = {
    "initialize": "InitializeResponse",
    "account/login/start": "LoginAccountResponse",
    "account/login/cancel": "CancelLoginAccountResponse",
    "account/logout": "LogoutAccountResponse",
    "account/read": "GetAccountResponse",
    "account/rateLimits/read": "GetAccountRateLimitsResponse",
    "account/usage/read": "GetAccountTokenUsageResponse",
    "account/workspaceMessages/read": "GetWorkspaceMessagesResponse",
    "config/batchWrite": "ConfigWriteResponse",
    "config/value/write": "ConfigWriteResponse",
    "config/mcpServer/reload": "McpServerRefreshResponse",
    "item/tool/call": "DynamicToolCallResponse",
    "mcpServerStatus/list": "ListMcpServerStatusResponse",
    "account/gatewayOAuth/cancel": "GatewayOAuthCancelResponse",
    "account/securitySetup/read": "GetAccountSecuritySetupResponse",
    "accountSession/list": "AccountSessionsResponse",
    "externalAgentConfig/import/readHistories": "ExternalAgentConfigImportHistoriesReadResponse",
}


def definitions(schema_dir: Path) -> dict[str, JsonObject]:
    bundle: dict[str, JsonObject] = json.loads((schema_dir / "codex_app_server_protocol.schemas.json").read_text())[
        "definitions"
    ]
    return {k: v for k, v in bundle.items() if k != "v2"} | bundle["v2"]


def method_rows(schema_dir: Path, file: str) -> dict[str, JsonObject]:
    rows: list[JsonObject] = json.loads((schema_dir / f"{file}.json").read_text())["oneOf"]
    return {row["properties"]["method"]["enum"][0]: row["properties"].get("params", {}) for row in rows}


def ref_name(schema: Any) -> str | None:
    if isinstance(schema, dict):
        for option in (schema, *schema.get("allOf", ()), *schema.get("anyOf", ())):
            if "$ref" in option:
                return str(option["$ref"]).rsplit("/", 1)[1]
    return None


class TypeScript:
    """Which properties of a type are optional (`x?:`), by the object literals of its file."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.cache: dict[str, list[tuple[dict[str, bool], dict[str, str]]]] = {}

    def optional(self, type_name: str, tag: tuple[str, str] | None, prop: str) -> bool | None:
        return next((props[prop] for props in self.having(type_name, tag, prop)), None)

    def position(self, type_name: str, tag: tuple[str, str] | None, prop: str) -> tuple[int, int]:
        """Where the property stands in its object, so that our encoding keeps the declared order."""
        for props in self.having(type_name, tag, prop):
            own = any(tag and tags.get(tag[0]) == tag[1] and props is p for p, tags in self.literals(type_name))
            return (0 if own or not tag else 1, list(props).index(prop))
        return (2, 0)

    def having(self, type_name: str, tag: tuple[str, str] | None, prop: str) -> list[dict[str, bool]]:
        literals = [(props, tags) for props, tags in self.literals(type_name) if prop in props]
        exact = [props for props, tags in literals if tag and tags.get(tag[0]) == tag[1]]
        loose = [props for props, tags in literals if not tag or tag[0] not in tags]
        return exact + loose

    def literals(self, type_name: str) -> list[tuple[dict[str, bool], dict[str, str]]]:
        if type_name not in self.cache:
            path = next(
                (p for p in (self.folder / "v2" / f"{type_name}.ts", self.folder / f"{type_name}.ts") if p.exists()),
                None,
            )
            self.cache[type_name] = list(object_literals(path.read_text())) if path else []
        return self.cache[type_name]


def object_literals(text: str) -> Iterator[tuple[dict[str, bool], dict[str, str]]]:
    text = re.sub(r"/\*.*?\*/|//[^\n]*|^import [^\n]*", "", text, flags=re.S | re.M)
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|\w+|\?:|[^\s\w]', text)
    stack: list[tuple[dict[str, bool], dict[str, str]]] = []
    for i, token in enumerate(tokens):
        if token == "{":
            stack.append(({}, {}))
        elif token == "}" and stack:
            yield stack.pop()
        elif token in (":", "?:") and stack and tokens[i - 1] != "]":
            name = tokens[i - 1].strip('"')
            stack[-1][0][name] = token == "?:"
            value = tokens[i + 1]
            if value.startswith('"') and tokens[i + 2] in (",", "}"):
                stack[-1][1][name] = value.strip('"')


class Reader:
    """JSON Schema definitions -> rows of `types.json`."""

    def __init__(self, defs: dict[str, JsonObject], stable: dict[str, JsonObject], ts: TypeScript):
        self.defs, self.stable, self.ts = defs, stable, ts
        self.types: dict[str, JsonObject] = {}

    def read_all(self) -> dict[str, JsonObject]:
        for name, schema in self.defs.items():
            self.read(name, schema)
        return dict(sorted(self.types.items()))

    def read(self, name: str, schema: JsonObject) -> None:
        variants = schema.get("oneOf") or schema.get("anyOf")
        if variants and schema.get("properties"):
            variants = [merged(variant, schema) for variant in variants]
        if variants:
            self.union(name, variants)
        elif schema.get("type") == "object" and ("properties" in schema or not schema.get("additionalProperties")):
            self.struct(name, name, schema)
        elif "enum" in schema:
            self.types[name] = {"kind": "enum", "values": schema["enum"]}
        else:
            self.types[name] = {"kind": "alias", "type": self.expr(schema, name, name)}

    def struct(self, name: str, source: str, schema: JsonObject, tag: tuple[str, str] | None = None) -> None:
        required = set(schema.get("required", ()))
        stable_props = self.stable_properties(source, tag) if tag or name == source else None
        fields = []
        alternatives = {k: v for o in alternatives_of(schema) for k, v in o["properties"].items()}
        for prop, sub in {**schema.get("properties", {}), **alternatives}.items():
            if tag and prop == tag[0]:
                continue
            optional = True if prop in alternatives else self.ts.optional(source, tag, prop)
            row: JsonObject = {
                "name": prop,
                "type": self.expr(sub, source, name + capital(prop)),
                "optional": optional if optional is not None else prop not in required,
            }
            if (
                not row["optional"]
                and prop not in required
                and isinstance(sub, dict)
                and sub.get("default") is not None
            ):
                row["default"] = sub["default"]  # always sent, may be left out by who writes it
            if stable_props is not None and prop not in stable_props:
                row["experimental"] = True
            if prop not in alternatives and (prop in required) != usually_required(row):
                row["required"] = prop in required
            fields.append(row)
        fields.sort(key=lambda row: self.ts.position(source, tag, row["name"]))
        self.types[name] = {"kind": "struct", "fields": fields}
        if alternatives:
            self.types[name]["alternatives"] = alternatives_of_row(alternatives_of(schema))
        if tag:
            self.types[name]["tag"] = list(tag)

    def stable_properties(self, source: str, tag: tuple[str, str] | None) -> set[str] | None:
        schema = self.stable.get(source)
        if schema is None:
            return None
        options = schema.get("oneOf") or schema.get("anyOf") or [schema]
        names: set[str] = set(schema.get("properties", ()))
        for option in options:
            if tag is None or tag_of(option) == tag:
                names |= set(option.get("properties", ()))
                names |= {prop for other in alternatives_of(option) for prop in other["properties"]}
        return names

    def union(self, name: str, variants: list[JsonObject]) -> None:
        objects = [v for v in variants if "properties" in v]
        values = [value for v in variants for value in v.get("enum", ())]
        others = [v for v in variants if "properties" not in v and "enum" not in v]
        tags = [tag_of(v) for v in objects]
        if objects and all(tags) and len({t[0] for t in tags if t}) == 1 and len(set(tags)) == len(tags):
            members = []
            for variant, tag in zip(objects, tags, strict=True):
                assert tag
                title = variant.get("title", "")
                if not title.isidentifier() or title in self.defs:
                    title = f"{capital(tag[1])}{name}"
                    if [capital(t[1]) for t in tags if t].count(capital(tag[1])) > 1 and not tag[1].isidentifier():
                        title += "2"  # a spelling that differs in what no name can have
                self.struct(title, name, variant, tag)
                members.append(title)
        elif objects:  # externally tagged or untagged objects cannot be told apart by type: one struct holds them all
            members = [f"{name}Object"]
            combined = {"properties": {k: v for o in objects for k, v in o["properties"].items()}, "required": []}
            self.struct(members[0], name, combined)
            for row in self.types[members[0]]["fields"]:
                row["optional"] = True
                row.pop("required", None)
            self.types[members[0]]["alternatives"] = alternatives_of_row(objects)
        else:
            members = []
        members += [self.expr(o, name, name) for o in others]
        if values:
            members.append("Literal[" + ", ".join(map(repr, values)) + "]")
        self.types[name] = {"kind": "union", "members": list(dict.fromkeys(members))}

    def expr(self, schema: Any, source: str, hint: str) -> str:
        if not isinstance(schema, dict) or not schema.keys() - {"description", "default", "title"}:
            return "Any"
        if "$ref" in schema:
            return str(schema["$ref"]).rsplit("/", 1)[1]
        if "allOf" in schema:
            return self.expr(schema["allOf"][0], source, hint)
        if "enum" in schema:
            return "Literal[" + ", ".join(map(repr, schema["enum"])) + "]"
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            plain = all("properties" not in o for o in options)
            if plain:
                return union_of(self.expr(o, source, hint) for o in options)
            self.read(hint, schema)
            return hint
        kind = schema.get("type")
        if isinstance(kind, list):
            return union_of(self.expr({**schema, "type": k}, source, hint) for k in kind)
        if kind == "integer":
            return INTEGERS[schema.get("format", "int64")]
        if kind == "array":
            return f"list[{self.expr(schema.get('items'), source, hint + 'Item')}]"
        if kind == "object":
            if schema.get("properties"):
                self.struct(hint, source, schema)
                return hint
            return f"dict[str, {self.expr(schema.get('additionalProperties'), source, hint + 'Value')}]"
        return SCALARS.get(str(kind), "Any")


def read_types(
    defs: dict[str, JsonObject], stable: dict[str, JsonObject], ts: Path, older: list[Request]
) -> JsonObject:
    """All rows; the variants of `ClientRequest` that the schema leaves out are there too, and marked."""
    variants = [request_schema(row) for row in older]
    everything, plain = (
        {**each, "ClientRequest": with_more(each["ClientRequest"], variants)} for each in (defs, stable)
    )
    types = Reader(everything, plain, TypeScript(ts)).read_all()
    members = types["ClientRequest"]["members"]
    for name in members[len(members) - len(older) :]:
        types[name]["schema"] = False
    return types


def with_more(union: JsonObject, variants: list[JsonObject]) -> JsonObject:
    return {**union, "oneOf": [*union["oneOf"], *variants]}


def merged(variant: JsonObject, outer: JsonObject) -> JsonObject:
    return {
        **variant,
        "properties": {**variant.get("properties", {}), **outer["properties"]},
        "required": sorted({*variant.get("required", ()), *outer.get("required", ())}),
    }


def alternatives_of(schema: JsonObject) -> list[JsonObject]:
    """Objects of which a struct takes one beside its own fields."""
    return [o for o in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if "properties" in o]


def alternatives_of_row(objects: list[JsonObject]) -> list[JsonObject]:
    """Of each alternative, the fields it has and those that it must have."""
    return [{"fields": list(o["properties"]), "required": sorted(o.get("required", ()))} for o in objects]


def usually_required(row: JsonObject) -> bool:
    """Whether a field must be written, for all that its row says; where that is wrong the row has `required`."""
    return not (row["optional"] or "default" in row or row["type"].endswith("| None"))


def tag_of(variant: JsonObject) -> tuple[str, str] | None:
    for prop, sub in variant.get("properties", {}).items():
        if isinstance(sub, dict) and len(sub.get("enum", ())) == 1:
            return prop, sub["enum"][0]
    return None


def union_of(parts: Iterator[str]) -> str:
    unique = list(dict.fromkeys(parts))
    return "Any" if "Any" in unique else " | ".join(unique)


def capital(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"\W+", text))


def result_name(method: str, params: str | None, defs: dict[str, JsonObject]) -> str | None:
    candidates = [RESULTS.get(method, ""), capital(method) + "Response"]
    if params and params.endswith("Params"):
        candidates.insert(1, params.removesuffix("Params") + "Response")
    return next((c for c in candidates if c in defs), None)


def read_methods(schema: Path, stable: Path, defs: dict[str, JsonObject]) -> list[JsonObject]:
    rows: list[JsonObject] = []
    kinds = {
        "client_request": "ClientRequest",
        "server_request": "ServerRequest",
        "server_notification": "ServerNotification",
        "client_notification": "ClientNotification",
    }
    for kind, file in kinds.items():
        stable_rows = method_rows(stable, file)
        for method, params_schema in method_rows(schema, file).items():
            params = ref_name(params_schema)
            row: JsonObject = {"method": method, "kind": kind, "params": params}
            if kind.endswith("request"):
                row["result"] = result_name(method, params, defs)
            if params_schema.get("anyOf"):
                row["paramsOptional"] = True
            if method not in stable_rows:
                row["experimental"] = True
            rows.append(row)
    return rows


def request_schema(row: Request) -> JsonObject:
    """The variant of ClientRequest."""
    properties = {
        "method": {"enum": [row.method], "type": "string"},
        "id": {"$ref": "#/definitions/RequestId"},
        "params": {"$ref": f"#/definitions/{row.params}"},
    }
    return {"type": "object", "properties": properties, "required": ["id", "method", "params"]}


def read_layout(schema: Path, stable: Path, ts: Path, stable_ts: Path) -> dict[str, JsonObject]:
    """Name -> the folders of its schema and its TypeScript, None where it has no file of its own; "" is the top."""
    bundle = json.loads((schema / "codex_app_server_protocol.schemas.json").read_text())["definitions"]
    flat = json.loads((schema / "codex_app_server_protocol.v2.schemas.json").read_text())["definitions"]
    schemas, types = folders(schema, ".json"), folders(ts, ".ts")
    stable_names = {*definitions(stable), *folders(stable_ts, ".ts")}
    return {
        name: {
            "bundle": "v2" if name in bundle["v2"] else "",
            "flat": name in flat,
            "schema": schemas.get(name),
            "ts": types.get(name),
            **({} if name in stable_names else {"experimental": True}),
        }
        for name in sorted(definitions(schema))
    }


def folders(root: Path, suffix: str) -> dict[str, str]:
    """Of a name in two folders the deeper one counts: it is the newer."""
    paths = sorted(root.rglob(f"*{suffix}"), key=lambda path: len(path.parts))
    return {path.stem: "/".join(path.relative_to(root).parts[:-1]) for path in paths}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    for name in ("stable", "schema", "stable-ts", "ts"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    defs, stable_defs = definitions(args.schema), definitions(args.stable)
    layout = read_layout(args.schema, args.stable, args.ts, args.stable_ts)
    methods = read_methods(args.schema, args.stable, defs)
    declared = Declared(args.stable_ts, {name: place["ts"] for name, place in layout.items()})
    older = declared.requests({row["method"] for row in methods})
    types = read_types(defs | declared.schemas, stable_defs, args.ts, older)
    methods += [{"method": m.method, "kind": "client_request", "params": m.params, "result": m.result} for m in older]
    nowhere = {"bundle": None, "flat": False, "schema": None}
    layout |= {name: {**nowhere, "ts": place} for name, place in declared.named.items()}
    INTERFACE.mkdir(exist_ok=True)
    write("version.json", {"wire": args.version})
    write("methods.json", sorted(methods, key=lambda row: (row["kind"], row["method"])))
    write("types.json", types)
    write("layout.json", dict(sorted(layout.items())))
    unresolved = [m["method"] for m in methods if m["kind"] == "client_request" and not m["result"]]
    print(f"{len(methods)} methods, {len(types)} types; without a result type: {unresolved}")


def write(name: str, data: Any) -> None:
    if isinstance(data, list):
        text = "[\n" + ",\n".join(json.dumps(row) for row in data) + "\n]\n"
    elif all(isinstance(v, dict) for v in data.values()):
        text = "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in data.items()) + "\n}\n"
    else:
        text = json.dumps(data) + "\n"
    (INTERFACE / name).write_text(text)


if __name__ == "__main__":
    main()
