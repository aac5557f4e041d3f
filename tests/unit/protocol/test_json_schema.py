"""The wire as JSON Schema."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import spindled_protocol
from spindled_protocol.json_schema import BUNDLE, FLAT_BUNDLE, json_schemas, references
from spindled_protocol.methods import METHODS
from tests.support.client import Client
from tests.support.schema import REFERENCE_SCHEMA, ReferenceSchema

OLDER = {"getAuthStatus", "getConversationSummary", "gitDiffToRemote"}
"""The reference has them in its TypeScript only."""


@pytest.fixture(scope="module", params=[True, False], ids=["experimental", "stable"])
def documents(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json_schemas(experimental=request.param)


@pytest.mark.timeout(120)  # thousands of schemas
def test_every_document_is_a_schema_that_holds_what_it_refers_to(documents: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(documents[FLAT_BUNDLE])
    jsonschema.Draft7Validator.check_schema(documents["ServerRequest.json"])
    for name, document in documents.items():
        if name != BUNDLE:
            assert references(document) <= document.get("definitions", {}).keys(), name
    bundle = documents[BUNDLE]["definitions"]
    for where in re.findall(r'"#/definitions/([^"]+)"', json.dumps(documents[BUNDLE])):
        folder, _, name = where.rpartition("/")
        assert (bundle[folder] if folder else bundle)[name]["title"] == name
    assert references(documents[FLAT_BUNDLE]) <= documents[FLAT_BUNDLE]["definitions"].keys()


def test_stable_is_what_plain_clients_may_use() -> None:
    everything, stable = json_schemas(experimental=True), json_schemas()

    def methods(found: dict[str, Any], name: str) -> set[str]:
        return {option["properties"]["method"]["enum"][0] for option in found[f"{name}.json"]["oneOf"]}

    rows = [row for row in METHODS.values() if row.kind == "client_request" and row.name not in OLDER]
    assert methods(everything, "ClientRequest") == {row.name for row in rows}
    assert methods(stable, "ClientRequest") == {row.name for row in rows if not row.experimental}
    every, plain = (found["v2/ThreadStartParams.json"]["properties"].keys() for found in (everything, stable))
    assert every - plain == set(METHODS["thread/start"].experimental_fields)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("v2/TurnStartParams", {"threadId": "t", "input": [{"type": "text", "text": "x"}]}, True),
        ("v2/TurnStartParams", {"threadId": "t"}, False),
        ("v2/TurnStartParams", {"threadId": "t", "input": [{"type": "nothing"}]}, False),
        ("v2/TurnStartParams", {"threadId": "t", "input": [{"type": "image", "url": "u"}]}, True),
        ("v2/TurnStartParams", {"threadId": "t", "input": [{"type": "image"}]}, False),
        ("v2/TurnStartParams", {"threadId": "t", "input": [], "approvalPolicy": "never"}, True),
        ("v2/TurnStartParams", {"threadId": "t", "input": [], "approvalPolicy": None}, True),
        ("v2/TurnStartParams", {"threadId": "t", "input": [], "approvalPolicy": "maybe"}, False),
        ("v2/TurnStartParams", {"threadId": "t", "input": [], "approvalPolicy": {"granular": 1}}, False),
        ("v2/TurnStartParams", {"threadId": "t", "input": [], "budget": {"toolCalls": 1}}, True),
        ("v2/TurnStartParams", {"threadId": "t", "input": [], "budget": {"tool_calls": 1}}, False),
        ("v2/ThreadListParams", {"limit": -1}, False),
        ("v1/InitializeParams", {"clientInfo": {"name": "a", "version": "1"}}, True),
    ],
)
def test_what_fits(name: str, value: Any, fits: bool) -> None:
    document = json_schemas(experimental=True)[f"{name}.json"]
    assert jsonschema.Draft7Validator(document).is_valid(value) == fits


def test_what_only_typescript_has_is_not_in_it() -> None:
    assert METHODS.keys() >= OLDER
    for document in json_schemas(experimental=True).values():
        assert not {"GetAuthStatusParams", "ConversationSummary", "GitSha"} & document.get("definitions", {}).keys()


async def test_a_conversation_fits(scripted: Client, tmp_path: Path) -> None:
    """All that the daemon says in a turn, its requests included, against what we tell others of it."""
    for name, document in json_schemas(experimental=True).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(document))
    schemas = ReferenceSchema(tmp_path)
    seen = set()

    def check(message: dict[str, Any]) -> None:
        schemas.check(message)
        seen.add(message.get("method"))

    scripted.watch(check)
    scripted.on_request("item/commandExecution/requestApproval", lambda _params: {"decision": "accept"})
    started = await scripted.request("thread/start", {"sandbox": "read-only", "approvalPolicy": "on-request"})
    schemas.check({"result": started}, "thread/start")
    messages = await scripted.run_turn(started["thread"]["id"], "say a\nrun echo hi\nsay b")
    assert messages[-1]["params"]["turn"]["status"] == "completed"
    assert {"turn/started", "item/commandExecution/requestApproval", "turn/completed"} <= seen


@pytest.mark.skipif(REFERENCE_SCHEMA not in os.environ, reason="needs the reference's own output")
def test_as_the_reference_writes_it() -> None:
    """The same files, and in each the same types with the same fields, required or not; and what is our own."""
    folder = Path(os.environ[REFERENCE_SCHEMA])
    ours = json_schemas(experimental=True)
    theirs = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    extensions = json.loads((Path(spindled_protocol.__file__).parent / "extensions.json").read_text())
    said = {name for method in extensions["methods"] for name in (method["params"], method.get("result")) if name}
    assert ours.keys() == theirs | {f"v2/{name}.json" for name in said}
    mine = ours[FLAT_BUNDLE]["definitions"]
    reference = json.loads((folder / FLAT_BUNDLE).read_text())["definitions"]
    assert reference.keys() <= mine.keys()
    added = {
        name: mine[name]["properties"].keys() - schema["properties"].keys()
        for name, schema in reference.items()
        if schema.keys() & {"oneOf", "anyOf"} == set() and "properties" in schema
    }
    own = {
        name: {field["name"] for field in fields} for name, fields in extensions["fields"].items() if name in reference
    }
    assert {name: fields for name, fields in added.items() if fields} == own
    for name in added:
        assert set(mine[name].get("required", ())) == set(reference[name].get("required", ())), name
