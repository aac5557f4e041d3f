"""Our own methods, types and fields beside the reference's interface."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from spindled_protocol import description
from spindled_protocol.methods import METHODS
from spindled_protocol.types import TurnBudget

PROTOCOL = Path(__file__).resolve().parents[3] / "protocol"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A description of the wire of the test's own."""
    (tmp_path / "interface").mkdir()
    for name in ("interface/types.json", "interface/methods.json", "interface/version.json", "extensions.json"):
        (tmp_path / name).write_text((PROTOCOL / name).read_text())
    monkeypatch.setattr(description, "HERE", tmp_path)
    return tmp_path


def test_every_field_of_ours_is_experimental_and_optional() -> None:
    extensions = json.loads((PROTOCOL / "extensions.json").read_text())
    rows = description.read_types()
    for name, fields in extensions["fields"].items():
        for field in fields:
            (found,) = [each for each in rows[name]["fields"] if each["name"] == field["name"]]
            assert found["experimental"]
            assert found["optional"]
    assert "budget" in METHODS["thread/start"].experimental_fields
    assert METHODS["thread/tokenUsage/updated"].experimental_fields == ("costUsd", "seq")
    assert METHODS["serverRequest/resolved"].experimental_fields == ()


def test_every_method_of_ours_is_experimental() -> None:
    own = [row["method"] for row in description.read_methods() if row.get("own")]
    assert own == ["thread/grants/list", "thread/grants/revoke", "thread/grants/changed"]
    assert all(METHODS[method].experimental for method in own)
    unions = {name: description.read_types()[name]["members"] for name in ("ClientRequest", "ServerNotification")}
    assert unions["ClientRequest"][-2:] == ["ThreadGrantsListClientRequest", "ThreadGrantsRevokeClientRequest"]
    assert unions["ServerNotification"][-1] == "ThreadGrantsChangedServerNotification"


def test_a_method_that_the_reference_comes_to_have_is_noticed(copied: Path) -> None:
    methods = json.loads((copied / "interface" / "methods.json").read_text())
    methods.append({"method": "thread/grants/list", "kind": "client_request", "params": None, "result": None})
    (copied / "interface" / "methods.json").write_text(json.dumps(methods))
    with pytest.raises(ValueError, match="the interface has a method thread/grants/list now"):
        description.read_methods()


@pytest.mark.parametrize("taken", ["type", "field"])
def test_a_name_that_the_reference_comes_to_use_is_noticed(copied: Path, taken: str) -> None:
    types = json.loads((copied / "interface" / "types.json").read_text())
    if taken == "type":
        types["TurnBudget"] = {"kind": "struct", "fields": []}
    else:
        types["TurnStartParams"]["fields"].append({"name": "budget", "type": "str", "optional": True})
    (copied / "interface" / "types.json").write_text(json.dumps(types))
    with pytest.raises(ValueError, match=r"the interface has a (type|field) \S+ now"):
        description.read_types()


def test_strict_types_take_nothing_else() -> None:
    assert msgspec.json.decode(b'{"toolCalls": null}', type=TurnBudget) == TurnBudget(toolCalls=None)
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"tool_calls": 1}', type=TurnBudget)
