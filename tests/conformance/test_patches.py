"""apply_patch: as a tool and through the shell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.steps import PATCH_APPROVAL, command, decide, open_thread, outputs, patch
from tests.conftest import Spawn
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, INTERRUPTED, STARTED, flow, items, of
from tests.support.home import Home

UPDATE = "*** Update File: a.txt\n@@\n-old\n+new\n"
ASKED = (
    "item/started fileChange inProgress",
    "thread/status/changed active waitingOnApproval",
    f"request {PATCH_APPROVAL}",
    "serverRequest/resolved",
    "thread/status/changed active",
)
# docs/compatibility.md, "turn/diff/updated": once for each change.
WRITTEN = ("item/completed fileChange completed", "turn/diff/updated", "thread/tokenUsage/updated")


@pytest.fixture(autouse=True)
def files(home: Home) -> None:
    (home.workspace / "a.txt").write_text("old\nkeep\n")


def content(home: Home) -> dict[str, str]:
    return {path.name: path.read_text() for path in home.workspace.iterdir() if path.is_file()}


async def test_accept(client: Client, provider: FakeProvider, home: Home) -> None:
    """Row 0-23."""
    provider.script(stream(patch(UPDATE)))
    asked = decide(client, "accept")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    assert flow(messages) == [*STARTED, *ASKED, *WRITTEN, *ANSWERED, *COMPLETED]
    item = items(messages, "fileChange")[0]
    path = str(home.workspace / "a.txt")
    kind = {"type": "update", "move_path": None}
    assert item["changes"] == [{"path": path, "kind": kind, "diff": "@@ -1,2 +1,2 @@\n-old\n+new\n keep\n"}]
    assert [ask["itemId"] for ask in asked] == [item["id"]]
    assert of(messages, "turn/diff/updated")[0]["diff"].startswith("diff --git a/a.txt b/a.txt\n")
    assert content(home) == {"a.txt": "new\nkeep\n"}


async def test_decline(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(patch(UPDATE)))
    decide(client, "decline")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    declined = ("item/completed fileChange declined", "thread/tokenUsage/updated")
    assert flow(messages) == [*STARTED, *ASKED, *declined, *ANSWERED, *COMPLETED]
    assert content(home) == {"a.txt": "old\nkeep\n"}


async def test_cancel(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(patch(UPDATE)))
    decide(client, "cancel")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    # docs/compatibility.md, "Items are always completed"
    cancelled = ("item/completed fileChange declined", "thread/tokenUsage/updated")
    assert flow(messages) == [*STARTED, *ASKED, *cancelled, *INTERRUPTED]
    assert content(home) == {"a.txt": "old\nkeep\n"}


async def test_accept_for_the_session(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(patch(UPDATE, "p1")), stream(message()))
    provider.script(stream(patch("*** Update File: a.txt\n@@\n-new\n+newer\n", "p2")), stream(message()))
    asked = decide(client, "acceptForSession", "decline")
    thread = await open_thread(client, approvalPolicy="untrusted")
    await client.run_turn(thread, "first")
    messages = await client.run_turn(thread, "second")
    assert flow(messages) == [*STARTED, "item/started fileChange inProgress", *WRITTEN, *ANSWERED, *COMPLETED]
    assert len(asked) == 1
    assert content(home) == {"a.txt": "newer\nkeep\n"}


PARTS = "*** Add File: new.txt\n+one\n*** Update File: a.txt\n*** Move to: b.txt\n@@\n-old\n+new\n"


def accept(client: Client, **answer: Any) -> list[Message]:
    asked: list[Message] = []

    def answered(params: Message) -> Message:
        asked.append(params)
        return {"decision": "accept", **answer}

    client.on_request(PATCH_APPROVAL, answered)
    return asked


async def test_accept_a_part(client: Client, provider: FakeProvider, home: Home) -> None:
    """docs/compatibility.md, "Approvals": what was declined is an item of its own."""
    provider.script(stream(patch(PARTS)))
    paths = [str(home.workspace / name) for name in ("new.txt", "a.txt")]
    asked = accept(client, acceptedPaths=paths[:1])
    thread = await open_thread(client, approvalPolicy="untrusted")
    messages = await client.run_turn(thread, "go")
    declined = ("item/started fileChange inProgress", "item/completed fileChange declined")
    assert flow(messages) == [*STARTED, *ASKED, *declined, *WRITTEN, *ANSWERED, *COMPLETED]
    assert asked[0]["availablePaths"] == paths
    assert content(home) == {"a.txt": "old\nkeep\n", "new.txt": "one\n"}
    left, made = items(messages, "fileChange")
    assert [[change["path"] for change in item["changes"]] for item in (left, made)] == [[paths[1]], [paths[0]]]
    assert left["id"] != made["id"] == asked[0]["itemId"]
    assert of(messages, "turn/diff/updated")[0]["diff"].count("diff --git") == 1
    ((_, output),) = outputs(provider.requests[1])
    assert "A new.txt\nThe user declined" in output
    assert output.endswith(f"M a.txt -> {home.workspace / 'b.txt'}\n")
    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    stored = [item for item in read["thread"]["turns"][0]["items"] if item["type"] == "fileChange"]
    assert [(item["id"], item["status"], item["changes"]) for item in stored] == [
        (item["id"], item["status"], item["changes"]) for item in (left, made)
    ]


@pytest.mark.parametrize("accepted", [[], ["a.txt"], ["new.txt", "other.txt"], "new.txt", None])
async def test_accepting_what_was_not_offered_declines(
    client: Client, provider: FakeProvider, home: Home, accepted: Any
) -> None:
    """`a.txt` alone is not the path that was offered, and null is no list."""
    provider.script(stream(patch(PARTS)))
    accept(client, acceptedPaths=accepted)
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    declined = ("item/completed fileChange declined", "thread/tokenUsage/updated")
    assert flow(messages) == [*STARTED, *ASKED, *declined, *ANSWERED, *COMPLETED]
    assert content(home) == {"a.txt": "old\nkeep\n"}


async def test_a_plain_client_is_not_offered_parts(home: Home, spawn: Spawn, provider: FakeProvider) -> None:
    home.write_config(provider.base_url)
    client = await spawn()
    await client.initialize(experimentalApi=False)
    provider.script(stream(patch(PARTS)))
    asked = accept(client)
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    assert flow(messages) == [*STARTED, *ASKED, *WRITTEN, *ANSWERED, *COMPLETED]
    assert asked[0].keys() == {"threadId", "turnId", "itemId", "startedAtMs", "reason", "grantRoot"}
    assert content(home) == {"b.txt": "new\nkeep\n", "new.txt": "one\n"}


async def test_add_move_and_delete_in_one_patch(client: Client, provider: FakeProvider, home: Home) -> None:
    (home.workspace / "gone.txt").write_text("bye\n")
    text = (
        "*** Add File: sub/new.txt\n+one\n+two\n"
        "*** Update File: a.txt\n*** Move to: b.txt\n@@\n-old\n+new\n"
        "*** Delete File: gone.txt\n"
    )
    provider.script(stream(patch(text)))
    asked = decide(client, "decline")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="never"), "go")
    assert flow(messages) == [*STARTED, "item/started fileChange inProgress", *WRITTEN, *ANSWERED, *COMPLETED]
    kinds = {change["path"].rsplit("/", 1)[1]: change["kind"] for change in items(messages, "fileChange")[0]["changes"]}
    assert kinds == {
        "new.txt": {"type": "add"},
        "a.txt": {"type": "update", "move_path": str(home.workspace / "b.txt")},
        "gone.txt": {"type": "delete"},
    }
    assert content(home) == {"b.txt": "new\nkeep\n"}
    assert (home.workspace / "sub" / "new.txt").read_text() == "one\ntwo\n"
    assert not asked


async def test_through_the_shell(client: Client, provider: FakeProvider, home: Home) -> None:
    script = f"apply_patch <<'EOF'\n*** Begin Patch\n{UPDATE}*** End Patch\nEOF"
    provider.script(stream(command(script)))
    messages = await client.run_turn(await open_thread(client, approvalPolicy="never"), "go")
    assert flow(messages) == [*STARTED, "item/started fileChange inProgress", *WRITTEN, *ANSWERED, *COMPLETED]
    assert content(home) == {"a.txt": "new\nkeep\n"}


async def test_read_only_refuses_with_never(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(patch(UPDATE)))
    asked = decide(client, "accept")
    thread = await open_thread(client, approvalPolicy="never", sandbox="read-only")
    messages = await client.run_turn(thread, "go")
    assert flow(messages) == [*STARTED, "thread/tokenUsage/updated", *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[1])] == ["call_1"]
    assert content(home) == {"a.txt": "old\nkeep\n"}
    assert not asked


async def test_read_only_asks_on_request(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(patch(UPDATE)))
    decide(client, "accept")
    thread = await open_thread(client, approvalPolicy="on-request", sandbox="read-only")
    assert flow(await client.run_turn(thread, "go")) == [*STARTED, *ASKED, *WRITTEN, *ANSWERED, *COMPLETED]
    assert content(home) == {"a.txt": "new\nkeep\n"}


@pytest.mark.parametrize(
    "text", ["no patch at all\n", "*** Update File: a.txt\n@@\n-not there\n+new\n", "*** Delete File: missing.txt\n"]
)
async def test_a_patch_that_does_not_fit_changes_nothing(
    client: Client, provider: FakeProvider, home: Home, text: str
) -> None:
    provider.script(stream(patch(text)))
    messages = await client.run_turn(await open_thread(client, approvalPolicy="never"), "go")
    assert flow(messages) == [*STARTED, "thread/tokenUsage/updated", *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[1])] == ["call_1"]
    assert content(home) == {"a.txt": "old\nkeep\n"}
