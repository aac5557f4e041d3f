"""docs/protocol.md: nothing that the daemon sends is missing, and nothing is called served that is not."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from spindled.api.routes import ROUTES
from spindled_protocol.methods import METHODS
from tests.docs.fences import ROOT
from tests.support.client import Client, RequestFailed


@pytest.fixture(scope="module")
def table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("protocol_table", ROOT / "scripts" / "protocol_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_document_is_up_to_date(table: ModuleType) -> None:
    assert table.DOCUMENT.read_text() == table.document().rstrip("\n") + "\n"


async def test_what_is_called_unsupported_is_answered_so(scripted: Client) -> None:
    codes = set()
    for name, method in METHODS.items():
        if method.kind == "client_request" and name not in {"initialize", *ROUTES}:
            with pytest.raises(RequestFailed) as failure:
                await scripted.request(name, {})
            codes.add(failure.value.code)
    assert codes <= {-32601}
