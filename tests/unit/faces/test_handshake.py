"""`initialize`, apart from a connection."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from spindled.faces.handshake import read_client
from spindled.faces.server_info import describe_server
from spindled.rpc.connection import Client
from spindled.rpc.envelope import ABSENT
from spindled.rpc.errors import RpcError


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def test_a_client_that_tells_everything() -> None:
    told = {
        "clientInfo": {"name": "ed", "title": "Ed", "version": "1.2"},
        "capabilities": {"experimentalApi": True, "requestAttestation": False, "optOutNotificationMethods": ["a/b"]},
    }
    assert read_client(raw(told)) == Client("ed", "1.2", "Ed", True, frozenset({"a/b"}))


@pytest.mark.parametrize("capabilities", [None, {}, {"optOutNotificationMethods": None, "later": [1]}])
def test_a_client_that_tells_little(capabilities: Any) -> None:
    told = {"clientInfo": {"name": "ed", "version": "1"}, "capabilities": capabilities}
    assert read_client(raw(told)) == Client("ed", "1")


REFUSED = [
    (ABSENT, "Invalid request: missing field `params`"),
    (raw({}), "Invalid request: missing field `clientInfo`"),
    (raw({"clientInfo": {"name": "x"}}), "Invalid request: missing field `version` at `clientInfo`"),
    (
        raw({"clientInfo": {"name": "bad\nname", "version": "1"}}),
        "Invalid clientInfo.name: 'bad\nname'. Must be a valid HTTP header value.",
    ),
]


@pytest.mark.parametrize(("params", "message"), REFUSED)
def test_refused(params: msgspec.Raw, message: str) -> None:
    with pytest.raises(RpcError) as caught:
        read_client(params)
    assert (caught.value.code, caught.value.message) == (-32600, message)


def test_the_user_agent_can_be_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM_PROGRAM", "föö (x)\n")
    monkeypatch.setenv("TERM_PROGRAM_VERSION", "3")
    answer = describe_server(Client("ed", "1").name, "/home/x")
    agent = answer.pop("userAgent")
    assert re.fullmatch(r"ed/\d+\.\d+\.\d+ \(\S[^;()]* [\d.]+\S*; \w+\) f__+x__/3 \(spindled; [\d.]+\)", agent)
    assert answer == {"codexHome": "/home/x", "platformFamily": "unix", "platformOs": answer["platformOs"]}
