"""Every request method, fuzzed from its own description: an answer always comes, it fits, and the daemon lives on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

import spindled_protocol.types
from spindled_protocol.methods import METHODS, Method
from tests.conformance.conftest import Launch
from tests.conformance.steps import NOWHERE
from tests.support.client import Client, Message
from tests.support.fuzz import Case, Maker
from tests.support.home import Home

INVALID = -32600
ALLOWED = {INVALID, -32601, -32602, -32603, -32001}
AT_ONCE = 64
FEW = 5
PATIENCE = 30.0


def families() -> dict[str, list[Method]]:
    """By the first part of their names; families of few are one."""
    found: dict[str, list[Method]] = defaultdict(list)
    for name, method in METHODS.items():
        if method.kind == "client_request":
            found[name.partition("/")[0]].append(method)
    few = [family for family, methods in found.items() if len(methods) < FEW]
    return {"others": [method for family in few for method in found.pop(family)], **found}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("family", families())
async def test_every_method_answers(home: Home, launch: Launch, tmp_path: Path, family: str) -> None:
    client = await launch(request_max_retries=0)
    pid = client.process.pid
    for number, method in enumerate(families()[family]):
        folder = tmp_path / f"confined-{number}"
        folder.mkdir()
        maker = await with_a_past(client, folder)
        for batch in batches(list(maker.cases(method.params))):
            answers = [client.post(method.name, case.params) for case in batch]
            async with asyncio.timeout(PATIENCE):
                for case, answer in zip(batch, answers, strict=True):
                    check(method, case, await answer)
    assert isinstance((await client.request("thread/loaded/list", {}, patience=PATIENCE))["data"], list)
    assert "lives in memory" not in client.stderr, "the index was taken for broken"
    assert client.process.pid == pid
    assert client.process.returncode is None


async def with_a_past(client: Client, folder: Path) -> Maker:
    """A thread with a turn, and a file, which the params speak of; they name nothing outside the folder."""
    (folder / "file").write_text("text\n")
    thread = (await client.request("thread/start", {"cwd": str(folder)}, patience=PATIENCE))["thread"]
    turn = (await client.run_turn(thread["id"], "hello", patience=PATIENCE))[-1]["params"]["turn"]["id"]
    ids = {"threadId": thread["id"], "turnId": turn, "expectedTurnId": turn, "beforeTurnId": turn, "itemId": NOWHERE}
    return Maker(folder, {**ids, "cwd": str(folder), "loginId": NOWHERE})


def batches(cases: list[Case]) -> list[list[Case]]:
    return [cases[start : start + AT_ONCE] for start in range(0, len(cases), AT_ONCE)]


def check(method: Method, case: Case, answer: Message) -> None:
    """What a result must be, the client has checked."""
    where = f"{method.name}: {case.label}: {str(answer)[:300]}"
    if "result" in answer:
        assert case.lacking is None, where
        assert fits(method, case.params), where
        return
    error = answer["error"]
    assert error["code"] in ALLOWED, where
    assert not error["message"].startswith("Internal error"), where
    if case.lacking is not None and error["code"] == INVALID:
        known = f"missing field `{case.lacking}`" in error["message"]
        assert known or "requires experimentalApi" in error["message"], where


def fits(method: Method, params: Any) -> bool:
    """Whether the params are what their type says; a method without params takes anything. None: nothing is sent."""
    if method.params is None or (params is None and method.params_optional):
        return True
    try:
        msgspec.json.decode(msgspec.json.encode(params), type=getattr(spindled_protocol.types, method.params))
    except msgspec.ValidationError:
        return False
    return True
