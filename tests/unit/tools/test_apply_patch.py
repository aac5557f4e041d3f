from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from spindled.tools.base import ToolCall, ToolError, Verdict
from spindled.tools.grants import FileGrant
from spindled.tools.registry import Registry
from spindled_protocol.types import ReadOnlySandboxPolicy, WorkspaceWriteSandboxPolicy

UPDATE = "*** Begin Patch\n*** Update File: a.txt\n@@\n-old\n+new\n*** End Patch\n"
INSIDE = WorkspaceWriteSandboxPolicy(excludeSlashTmp=True, excludeTmpdirEnvVar=True)


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("old\nkeep\n")
    return path


async def test_an_accepted_patch(context: Any, file: Path) -> None:
    output = await context.patch(UPDATE)
    assert output.success
    assert output.content.endswith("\nM a.txt\n")
    assert file.read_text() == "new\nkeep\n"
    changes = [
        {
            "path": str(file),
            "kind": {"type": "update", "move_path": None},
            "diff": "@@ -1,2 +1,2 @@\n-old\n+new\n keep\n",
        }
    ]
    names = [event[0] for event in context.events]
    assert names == ["started", "completed", "diff"]
    (started,), (completed,), (diff,) = context.named("started"), context.named("completed"), context.named("diff")
    assert (started["changes"], started["status"], started["completedAtMs"]) == (changes, "inProgress", None)
    assert (completed["changes"], completed["status"]) == (changes, "completed")
    assert diff.startswith("diff --git a/a.txt b/a.txt\nindex 438999b0e222bae98dc7c582fa2467c7d2da8917..")
    assert not context.asks


async def test_the_other_kinds_of_change(context: Any, file: Path, tmp_path: Path) -> None:
    await context.patch(
        "*** Begin Patch\n*** Update File: a.txt\n*** Move to: b.txt\n@@\n-old\n+new\n"
        "*** Add File: new.txt\n+one\n+two\n*** Delete File: new.txt\n*** End Patch"
    )
    assert context.named("started")[0]["changes"] == [
        {
            "path": str(file),
            "kind": {"type": "update", "move_path": str(tmp_path / "b.txt")},
            "diff": f"@@ -1,2 +1,2 @@\n-old\n+new\n keep\n\n\nMoved to: {tmp_path / 'b.txt'}",
        },
        {"path": str(tmp_path / "new.txt"), "kind": {"type": "add"}, "diff": "one\ntwo\n"},
        {"path": str(tmp_path / "new.txt"), "kind": {"type": "delete"}, "diff": "one\ntwo\n"},
    ]
    assert context.named("diff")[0].count("diff --git") == 1


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.DECLINED, Verdict.CANCELLED])
async def test_untrusted_asks(context: Any, file: Path, verdict: Verdict) -> None:
    context.approval_policy, context.answer = "untrusted", verdict
    task = asyncio.ensure_future(context.patch(UPDATE))
    await asyncio.wait([task])
    accepted = verdict is Verdict.ACCEPTED
    assert isinstance(task.exception(), ToolError) is not accepted
    assert [event[0] for event in context.events][:2] == ["started", "completed"]
    assert context.named("completed")[0]["status"] == ("completed" if accepted else "declined")
    assert file.read_text().startswith("new" if accepted else "old")


async def test_a_session_grant_covers_its_files_only(context: Any, tmp_path: Path) -> None:
    context.approval_policy = "untrusted"
    await context.patch(UPDATE)
    context.grant(*map(FileGrant, context.asks[0].files[str(tmp_path / "a.txt")]))
    await context.patch("*** Begin Patch\n*** Update File: a.txt\n-new\n+newer\n*** End Patch")
    assert len(context.asks) == 1
    await context.patch("*** Begin Patch\n*** Add File: other\n+x\n*** End Patch")
    assert len(context.asks) == 2


async def test_read_only_asks_or_refuses(context: Any, file: Path) -> None:
    context.sandbox_policy, context.approval_policy = ReadOnlySandboxPolicy(), "never"
    with pytest.raises(ToolError, match="rejected"):
        await context.patch(UPDATE)
    assert not context.events
    assert file.read_text() == "old\nkeep\n"
    context.approval_policy = "on-request"
    await context.patch(UPDATE)
    assert len(context.asks) == 1


@pytest.mark.parametrize("approval", ["on-request", "never"])
async def test_workspace_write_confines_a_patch_by_itself(context: Any, file: Path, approval: str) -> None:
    context.sandbox_policy, context.approval_policy = INSIDE, approval
    await context.patch(UPDATE)
    assert not context.asks
    assert file.read_text() == "new\nkeep\n"


@pytest.mark.parametrize("name", ["../out.txt", "link/out.txt", ".git/hooks/x", "sub/.git/config"])
async def test_what_leaves_the_workspace_is_asked_about(context: Any, tmp_path: Path, name: str) -> None:
    workspace, outside = tmp_path / "w", tmp_path / "o"
    workspace.mkdir()
    outside.mkdir()
    (workspace / "link").symlink_to(outside)
    context.cwd, context.sandbox_policy, context.answer = workspace, INSIDE, Verdict.DECLINED
    with pytest.raises(ToolError, match="rejected"):
        await context.patch(f"*** Begin Patch\n*** Add File: {name}\n+x\n*** End Patch")
    assert len(context.asks) == 1
    assert not (workspace / name).resolve().exists()


BOTH = (
    "*** Begin Patch\n*** Update File: a.txt\n*** Move to: b.txt\n-old\n+new\n*** Add File: c.txt\n+c\n*** End Patch\n"
)


@pytest.mark.parametrize("name", ["a.txt", "c.txt"])
async def test_a_patch_that_is_accepted_in_part(context: Any, tmp_path: Path, name: str) -> None:
    context.approval_policy, context.accepted = "untrusted", frozenset({str(tmp_path / name)})
    output = await context.patch(BOTH)
    moved, added = name == "a.txt", name == "c.txt"
    assert context.asks[0].files == {
        str(tmp_path / "a.txt"): [tmp_path / "b.txt", tmp_path / "a.txt"],
        str(tmp_path / "c.txt"): [tmp_path / "c.txt"],
    }
    assert (tmp_path / "a.txt").exists() is (tmp_path / "c.txt").exists() is added
    assert (tmp_path / "b.txt").exists() is moved
    assert [event[0] for event in context.events] == ["started", "started", "completed", "completed", "diff"]
    declined, made = context.named("completed")
    assert (declined["id"], declined["status"]) == ("p1-declined", "declined")
    assert (made["id"], made["status"]) == ("p1", "completed")
    shown = context.named("started")[0]["changes"]
    assert [made["changes"], declined["changes"]] == ([[shown[0]], [shown[1]]] if moved else [[shown[1]], [shown[0]]])
    assert context.named("diff")[0].count("diff --git") == 1
    applied, refused = output.content.split("The user declined")
    assert ("M a.txt -> " in applied, "A c.txt\n" in applied) == (moved, added)
    assert ("M a.txt -> " in refused, "A c.txt\n" in refused) == (added, moved)


async def test_a_part_that_builds_on_what_was_declined(context: Any, file: Path, tmp_path: Path) -> None:
    context.approval_policy, context.accepted = "untrusted", frozenset({str(tmp_path / "b.txt")})
    with pytest.raises(ToolError, match=r"only a part of it, and the change of b\.txt builds on one that is left out"):
        await context.patch(BOTH.replace("*** Add File: c.txt\n+c", "*** Delete File: b.txt"))
    (failed,) = context.named("completed")
    assert failed["status"] == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text() == "old\nkeep\n"


async def test_an_interrupt_while_asking(context: Any, file: Path) -> None:
    async def never(_: Any) -> Verdict:
        await asyncio.Event().wait()
        raise AssertionError

    context.approval_policy, context.answer = "untrusted", never
    task = asyncio.ensure_future(context.patch(UPDATE))
    await context.until(lambda: bool(context.asks))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert context.named("completed")[0]["status"] == "declined"
    assert file.read_text() == "old\nkeep\n"


async def test_a_file_that_changes_while_the_user_thinks(context: Any, file: Path) -> None:
    async def edit(_: Any) -> Verdict:
        file.write_text("theirs\n")
        return Verdict.ACCEPTED

    context.approval_policy, context.answer = "untrusted", edit
    with pytest.raises(ToolError, match="meanwhile"):
        await context.patch(UPDATE)
    assert context.named("completed")[0]["status"] == "failed"
    assert file.read_text() == "theirs\n"


async def test_a_patch_that_does_not_fit_shows_nothing(context: Any) -> None:
    with pytest.raises(ToolError, match="hunk 1"):
        await context.patch(UPDATE.replace("-old", "-nope"))
    assert not context.events


async def test_as_a_function_call(context: Any, file: Path) -> None:
    await context.call("apply_patch", input=UPDATE)
    assert file.read_text() == "new\nkeep\n"
    with pytest.raises(ToolError, match="input"):
        await Registry().run(ToolCall(call_id="c", name="apply_patch", arguments='{"input": 1}'), context)


@pytest.mark.parametrize("place", ["outside", "ws/.git"])
async def test_removing_a_link_is_judged_by_where_it_is(context: Any, tmp_path: Path, place: str) -> None:
    context.cwd = tmp_path / "ws"
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / "ws").mkdir(exist_ok=True)
    (tmp_path / "ws" / "mine.txt").write_text("mine\n")
    link = tmp_path / place / "link"
    link.symlink_to(tmp_path / "ws" / "mine.txt")
    context.sandbox_policy, context.answer = INSIDE, Verdict.DECLINED
    with pytest.raises(ToolError):
        await context.patch(f"*** Begin Patch\n*** Delete File: {link}\n*** End Patch\n")
    assert context.asks
    assert link.is_symlink()
