"""permissionProfile/list, and `permissions` of threads and turns: a sandbox mode by the name of a profile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, command, decide, open_thread, refusal
from tests.support.client import Client
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream

POLICIES = {":read-only": "readOnly", ":workspace": "workspaceWrite", ":danger-full-access": "dangerFullAccess"}


async def test_the_profiles_are_listed_and_hold_for_a_thread(client: Client) -> None:
    listed = await client.request("permissionProfile/list", {})
    assert [(each["id"], each["allowed"]) for each in listed["data"]] == [(name, True) for name in POLICIES]
    for name, policy in POLICIES.items():
        started = await client.request("thread/start", {"permissions": name})
        assert started["sandbox"]["type"] == policy
        assert started["activePermissionProfile"] == {"id": name, "extends": None}
    assert (await client.request("thread/start", {}))["activePermissionProfile"] is None


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("thread/start", {"permissions": "mine"}, "unknown permission profile `mine`"),
        (
            "thread/start",
            {"permissions": ":workspace", "sandbox": "read-only"},
            "`permissions` cannot be combined with `sandbox`",
        ),
        ("turn/start", {"permissions": ":mine"}, "unknown permission profile `:mine`"),
        (
            "turn/start",
            {"permissions": ":workspace", "sandboxPolicy": {"type": "readOnly"}},
            "`permissions` cannot be combined with `sandboxPolicy`",
        ),
    ],
)
async def test_what_is_no_profile_is_refused(client: Client, method: str, params: dict[str, Any], text: str) -> None:
    if method == "turn/start":
        params = {"threadId": await open_thread(client), "input": [], **params}
    assert await refusal(client, method, params) == (INVALID, text)


async def test_a_profile_restricts_the_turn_that_names_it_and_those_after(
    launch: Launch, provider: FakeProvider
) -> None:
    client = await launch(approval_policy="on-request", sandbox_mode="danger-full-access")
    asked = decide(client, "decline")
    thread = await open_thread(client)
    for _ in range(3):
        provider.script(stream(command("touch marker")), stream(message("done")))
    await client.run_turn(thread, "unconfined")
    assert asked == []
    await client.run_turn(thread, "confined", permissions=":read-only")
    await client.run_turn(thread, "still confined")
    assert len(asked) == 2
