"""hooks/list."""

from __future__ import annotations

import json

from tests.conformance.steps import INVALID, NOWHERE, open_thread, refusal
from tests.support.client import Client
from tests.support.home import Home

HOOK = {"type": "command", "command": "echo hi", "timeout": 5, "statusMessage": "m"}


def write(home: Home) -> None:
    hooks = {"hooks": {"PreToolUse": [{"matcher": "^Bash$", "hooks": [HOOK]}]}}
    (home.path / "hooks.json").write_text(json.dumps(hooks))


async def test_hooks_are_listed(client: Client, home: Home) -> None:
    write(home)
    [entry] = (await client.request("hooks/list", {"cwds": [str(home.workspace)]}))["data"]
    [hook] = entry["hooks"]
    assert (entry["cwd"], entry["errors"]) == (str(home.workspace), [])
    assert (hook["eventName"], hook["handlerType"], hook["command"]) == ("preToolUse", "command", "echo hi")
    assert (hook["source"], hook["trustStatus"], hook["enabled"], hook["displayOrder"]) == (
        "user",
        "untrusted",
        True,
        0,
    )
    assert any("does not run them" in warning for warning in entry["warnings"])


async def test_the_hooks_of_a_thread(client: Client, home: Home) -> None:
    assert (await client.request("hooks/list", {}))["data"][0]["hooks"] == []
    write(home)
    thread = await open_thread(client)
    [entry] = (await client.request("hooks/list", {"threadId": thread}))["data"]
    assert (entry["cwd"], len(entry["hooks"])) == (str(home.workspace), 1)
    both = {"threadId": thread, "cwds": ["/"]}
    assert await refusal(client, "hooks/list", both) == (INVALID, "specify either threadId or cwds")
    assert await refusal(client, "hooks/list", {"threadId": NOWHERE}) == (INVALID, f"thread not found: {NOWHERE}")
