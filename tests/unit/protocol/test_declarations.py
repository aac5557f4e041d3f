"""Older methods, which the reference declares in TypeScript only."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[3] / "protocol" / "declarations.py"


@pytest.fixture(scope="module")
def declarations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("declarations", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def declare(name: str, body: str, *imports: str) -> None:
        lines = [f'import type {{ {Path(path).name} }} from "{path}";\n' for path in imports]
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.ts").write_text(f"// Generated.\n{''.join(lines)}\n/** Text. */\nexport type {body};\n")

    requests = (
        '{ "method": "new", id: RequestId, params: NewParams, }',
        '{ "method": "old", id: RequestId, params: OldParams, }',
    )
    declare("ClientRequest", f"ClientRequest = {' | '.join(requests)}", "./v2/NewParams", "./OldParams")
    declare("OldParams", "OldParams = { path: string, } | { id: Id, }", "./Id")
    declare("OldResponse", "OldResponse = { kind: Kind, of?: Kind | null, on: boolean | null, }", "./Kind")
    declare("Kind", 'Kind = "a" | { "b": string } | { "c": Id } | "d"', "./Id")
    declare("v2/Kind", 'Kind = "x"')
    declare("Id", "Id = string")
    return tmp_path


def test_methods_and_types_that_the_schema_has_not(declarations: ModuleType, folder: Path) -> None:
    declared = declarations.Declared(folder, {"Id": "", "Kind": "v2", "NewParams": "v2"})
    assert declared.requests({"new"}) == [("old", "OldParams", "OldResponse")]
    assert declared.named == {"OldParams": "", "OldResponse": ""}
    assert declared.schemas.keys() == {"OldParams", "OldResponse", "OlderKind"}
    one, other = declared.schemas["OldParams"]["anyOf"]
    assert one == {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    assert other["properties"] == {"id": {"$ref": "#/definitions/Id"}}
    response = declared.schemas["OldResponse"]
    assert response["properties"]["kind"] == {"$ref": "#/definitions/OlderKind"}
    assert response["properties"]["on"] == {"anyOf": [{"type": "boolean"}, {"type": "null"}]}
    assert response["required"] == ["kind"]
    kinds = declared.schemas["OlderKind"]["anyOf"]
    assert [kind.get("enum") or [*kind["properties"]] for kind in kinds] == [["a"], ["b"], ["c"], ["d"]]


def test_what_it_does_not_understand_is_no_guess(declarations: ModuleType, folder: Path) -> None:
    (folder / "OldParams.ts").write_text("export type OldParams = { n: number, };\n")
    with pytest.raises(KeyError, match="number"):
        declarations.Declared(folder, {}).requests({"new"})
    (folder / "OldParams.ts").write_text("export type OldParams = string & string;\n")
    with pytest.raises(ValueError, match="not understood: & string"):
        declarations.Declared(folder, {}).requests({"new"})
