from __future__ import annotations

import json
from typing import Any

import pytest

from spindled.faces.handshake import read_client
from spindled.faces.lsp.hello import read_hello


def hello(**params: Any) -> Any:
    return read_hello(json.dumps(params).encode())


def test_what_a_client_says_of_itself() -> None:
    ours = {"ui": True, "experimentalApi": True, "optOutNotificationMethods": ["a/b"]}
    told = hello(processId=5, clientInfo={"name": "ed"}, capabilities={"experimental": {"spindled": ours}})
    client = read_client(told.wire)
    assert (told.ui, told.process_id) == (True, 5)
    assert (client.name, client.experimental, client.opt_out) == ("ed", True, {"a/b"})


def test_the_other_ways_to_say_it() -> None:
    assert hello(initializationOptions={"spindled": {"ui": True}}).ui
    assert read_client(hello(capabilities={"experimentalApi": True}).wire).experimental


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"processId": "x", "capabilities": 5},
        {"clientInfo": {"name": "\n"}},
        {"initializationOptions": "x"},
        [],
        "x",
    ],
)
def test_what_is_odd_counts_as_not_said(params: Any) -> None:
    told = read_hello(json.dumps(params).encode())
    assert (told.ui, told.process_id) == (False, None)
    assert read_client(told.wire).name == "language-client"


def test_what_is_odd_takes_nothing_else_along() -> None:
    assert hello(processId="x", clientInfo={"name": "ed"}).process_id is None
    assert read_client(hello(processId="x", clientInfo={"name": "ed"}).wire).name == "ed"
