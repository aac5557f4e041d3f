"""Sandbox policies. No sandbox is at hand, so what one would confine is asked about or refused, never run.

docs/compatibility.md, "Sandbox".
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.steps import command, decide, open_thread, outputs, patch
from tests.support.client import Client
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import items, turn_of
from tests.support.home import Home

LIMITED = ["read-only", "workspace-write"]
TOUCH = "touch made.txt"


@pytest.mark.parametrize("sandbox", LIMITED)
@pytest.mark.parametrize("decision", ["accept", "decline"])
async def test_on_request_the_user_decides(
    client: Client, provider: FakeProvider, home: Home, sandbox: str, decision: str
) -> None:
    provider.script(stream(command(TOUCH)))
    asked = decide(client, decision)
    thread = await open_thread(client, approvalPolicy="on-request", sandbox=sandbox)
    messages = await client.run_turn(thread, "go")
    assert len(asked) == 1
    assert asked[0]["reason"]
    assert (home.workspace / "made.txt").exists() == (decision == "accept")
    expected = "completed" if decision == "accept" else "declined"
    assert [item["status"] for item in items(messages, "commandExecution")] == [expected]


@pytest.mark.parametrize("sandbox", LIMITED)
async def test_never_refuses(client: Client, provider: FakeProvider, home: Home, sandbox: str) -> None:
    provider.script(stream(command(TOUCH)))
    asked = decide(client, "accept")
    thread = await open_thread(client, approvalPolicy="never", sandbox=sandbox)
    messages = await client.run_turn(thread, "go")
    assert not asked
    assert not (home.workspace / "made.txt").exists()
    assert all(item["status"] == "declined" for item in items(messages, "commandExecution"))
    assert [call for call, _ in outputs(provider.requests[1])] == ["call_1"]
    assert turn_of(messages)["status"] == "completed"


@pytest.mark.parametrize("sandbox", LIMITED)
async def test_an_escalation_is_asked_about_in_the_words_of_the_model(
    client: Client, provider: FakeProvider, home: Home, sandbox: str
) -> None:
    more = {"sandbox_permissions": "require_escalated", "justification": "May I?"}
    provider.script(stream(command(TOUCH, **more)))
    asked = decide(client, "decline")
    await client.run_turn(await open_thread(client, approvalPolicy="on-request", sandbox=sandbox), "go")
    assert [ask["reason"] for ask in asked] == ["May I?"]
    assert not (home.workspace / "made.txt").exists()


async def test_full_access_asks_nothing_on_request(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(command(TOUCH)))
    asked = decide(client, "decline")
    await client.run_turn(await open_thread(client, approvalPolicy="on-request"), "go")
    assert not asked
    assert (home.workspace / "made.txt").exists()


@pytest.mark.parametrize(
    ("sandbox", "inside", "question"),
    [("read-only", True, True), ("workspace-write", True, False), ("workspace-write", False, True)],
)
async def test_a_patch_needs_a_yes_where_the_policy_does_not_let_it_write(
    client: Client, provider: FakeProvider, home: Home, sandbox: str, inside: bool, question: bool
) -> None:
    # The home of the daemon is no place of the workspace, nor is it below a folder for temporary files.
    path = home.workspace / "new.txt" if inside else Path("/usr") / "spindled-conformance.txt"
    provider.script(stream(patch(f"*** Add File: {path}\n+one\n")))
    asked = decide(client, "decline")
    thread = await open_thread(client, approvalPolicy="on-request", sandbox=sandbox)
    messages = await client.run_turn(thread, "go")
    assert len(asked) == question
    assert path.exists() == (not question)
    assert [item["status"] for item in items(messages, "fileChange")] == ["declined" if question else "completed"]
