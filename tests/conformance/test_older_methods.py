"""getAuthStatus, getConversationSummary, gitDiffToRemote: what older clients ask."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, open_thread, refusal
from tests.conftest import Spawn
from tests.support.client import Client
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home

INTERNAL = -32603
KEY = "sk-a-key-of-the-test"

# --- getAuthStatus


async def status(client: Client, **params: Any) -> tuple[str | None, str | None, bool]:
    answer = await client.request("getAuthStatus", params)
    return answer["authMethod"], answer["authToken"], answer["requiresOpenaiAuth"]


async def test_the_key_is_told_to_who_asks_for_it(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(model_provider="openai", openai_base_url=provider.base_url)
    assert await status(client, includeToken=True) == (None, None, True)
    await client.request("account/login/start", {"type": "apiKey", "apiKey": KEY})
    assert await status(client, includeToken=True, refreshToken=True) == ("apikey", KEY, True)
    for params in ({}, {"includeToken": False}, {"includeToken": None, "refreshToken": None}):
        assert await status(client, **params) == ("apikey", None, True)
    await client.request("account/logout")
    assert await status(client, includeToken=True) == (None, None, True)


async def test_a_provider_without_accounts_has_no_key(client: Client) -> None:
    await client.request("account/login/start", {"type": "apiKey", "apiKey": KEY})
    assert await status(client, includeToken=True) == (None, None, False)


async def test_keys_of_the_environment_are_not_told(spawn: Spawn, home: Home, provider: FakeProvider) -> None:
    home.write_config(provider.base_url, model_provider="openai", openai_base_url=provider.base_url)
    client = await spawn(env={"OPENAI_API_KEY": KEY})
    await client.initialize()
    assert await status(client, includeToken=True) == ("apikey", None, True)


# --- getConversationSummary


async def summary(client: Client, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.request("getConversationSummary", params))["summary"]
    return found


async def test_a_summary_by_id_and_by_file(client: Client, home: Home) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "first words\nand more")
    found = await summary(client, conversationId=thread)
    read = (await client.request("thread/read", {"threadId": thread}))["thread"]
    assert found == {
        "conversationId": thread,
        "path": read["path"],
        "preview": "first words\nand more",
        "timestamp": found["timestamp"],
        "updatedAt": found["updatedAt"],
        "modelProvider": "test",
        "cwd": str(home.workspace),
        "cliVersion": read["cliVersion"],
        "source": "vscode",
        "gitInfo": None,
    }
    assert found["timestamp"] <= found["updatedAt"]
    relative = str(Path(read["path"]).relative_to(home.path))
    for path in (read["path"], relative):
        assert await summary(client, rolloutPath=path) == found
    elsewhere = home.workspace / "copy.jsonl"
    shutil.copy(read["path"], elsewhere)
    copied = await summary(client, rolloutPath=str(elsewhere), conversationId=NOWHERE)
    assert (copied["path"], copied["conversationId"]) == (str(elsewhere), thread)


async def test_a_summary_of_an_archived_thread(client: Client) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    before = (await summary(client, conversationId=thread))["path"]
    await client.request("thread/archive", {"threadId": thread})
    assert "archived_sessions" in (await summary(client, conversationId=thread))["path"]
    code, text = await refusal(client, "getConversationSummary", {"rolloutPath": before})
    assert (code, text) == (INVALID, f"failed to resolve rollout path `{before}`: file does not exist")


async def test_a_summary_has_the_commit_that_the_thread_began_at(client: Client, home: Home) -> None:
    run("git init -q -b main . && git remote add origin https://u:hidden@h.example/x.git", home.workspace)
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    await client.request("thread/metadata/update", {"threadId": thread, "gitInfo": {"branch": "other"}})
    git = (await summary(client, conversationId=thread))["gitInfo"]
    assert git == {"sha": None, "branch": "other", "origin_url": "https://h.example/x.git"}


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({}, INVALID, "did not match any variant of untagged enum GetConversationSummaryParams"),
        ({"conversationId": NOWHERE}, INVALID, f"no rollout found for conversation id {NOWHERE}"),
        ({"conversationId": "no"}, INVALID, "invalid conversation id"),
        ({"rolloutPath": ""}, INVALID, "path is a directory"),
        ({"rolloutPath": "config.toml"}, INTERNAL, "failed to load conversation summary from"),
    ],
)
async def test_what_has_no_summary(client: Client, params: dict[str, str], code: int, text: str) -> None:
    got = await refusal(client, "getConversationSummary", params)
    assert (got[0], text in got[1]) == (code, True), got


async def test_a_thread_without_a_turn_has_no_summary(client: Client) -> None:
    thread = await open_thread(client)
    code, text = await refusal(client, "getConversationSummary", {"conversationId": thread})
    assert (code, text) == (INVALID, f"no rollout found for conversation id {thread}")


# --- gitDiffToRemote


def run(script: str, folder: Path) -> str:
    who = "export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=a@b; set -e\n"
    done = subprocess.run(["/bin/sh", "-c", who + script], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone, clean, with one commit of two files on main."""
    (tmp_path / "origin").mkdir()
    run(
        "git init -q -b main . && echo a>a && mkdir sub && echo s>sub/s && printf 'ignored\\n.gitignore\\n'>.gitignore"
        " && git add a sub && git commit -qm one && git clone -q . ../clone && cp .gitignore ../clone",
        tmp_path / "origin",
    )
    return tmp_path / "clone"


async def difference(client: Client, folder: Path) -> tuple[str, str]:
    answer = await client.request("gitDiffToRemote", {"cwd": str(folder)})
    return answer["sha"], answer["diff"]


async def applied(client: Client, folder: Path, target: Path) -> str:
    """The commit that the remote has; `target` becomes it with the difference."""
    sha, diff = await difference(client, folder)
    run(f"git clone -q --no-checkout {folder.parent}/origin {target} && git -C {target} checkout -q {sha}", folder)
    (target / ".git" / "diff").write_text(diff)
    run("[ ! -s .git/diff ] || git apply --index .git/diff", target)
    return sha


def files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """What is neither git's nor ignored: content, and whether it can be run."""
    paths = [path for path in folder.rglob("*") if not path.is_dir() and ".git" not in str(path.relative_to(folder))]
    return {
        str(path.relative_to(folder)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in paths
        if path.name != "ignored"
    }


async def test_a_clean_clone_differs_in_nothing(client: Client, clone: Path) -> None:
    assert await difference(client, clone) == (run("git rev-parse HEAD", clone), "")


async def test_the_difference_makes_one_out_of_the_other(client: Client, clone: Path, tmp_path: Path) -> None:
    """Commits, what is staged, what is not, and what git does not know yet: text, binary, empty, a link, odd names."""
    base = run("git rev-parse HEAD", clone)
    run(
        "echo b>>a && git commit -qam two && echo c>>a && git add a && echo d>>a && rm sub/s && echo x>ignored"
        " && printf 'a\\0b'>bin && :>empty && ln -s a link && echo x>exe && chmod +x exe && echo q>'sp ace' && echo u>ü"
        " && echo s>':(top)*' && mkdir new && echo n>new/n && mkdir within && git init -q within && echo w>within/w",
        clone,
    )
    index = (clone / ".git" / "index").read_bytes()
    assert await applied(client, clone, tmp_path / "copy") == base
    run("rm -r within", clone)
    assert files(tmp_path / "copy") == files(clone)
    assert (clone / ".git" / "index").read_bytes() == index
    assert await difference(client, clone / "new") == await difference(client, clone)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("git checkout -qb feature && git commit -q --allow-empty -m two", "origin/main"),
        (
            "git checkout -qb feature && git commit -q --allow-empty -m two && git push -q origin feature"
            " && git checkout -q --detach && git commit -q --allow-empty -m three",
            "origin/feature",
        ),
        (
            "git -C ../origin commit -q --allow-empty -m theirs && git fetch -q && git commit -q --allow-empty -m ours",
            "main~1",
        ),
        ("git remote rename origin elsewhere && git branch -q --unset-upstream", "elsewhere/main"),
        ("git checkout -q --orphan alone && git commit -qm alone", "origin/main"),
        ("git worktree add -q ../tree main~0 2>/dev/null", "origin/main"),
    ],
    ids=["ahead", "nearest", "diverged", "another name", "no common history", "linked tree"],
)
async def test_the_commit_is_the_nearest_that_a_remote_has(
    client: Client, clone: Path, script: str, expected: str
) -> None:
    run(script, clone)
    tree = clone.parent / "tree"
    sha, _ = await difference(client, tree if tree.exists() else clone)
    assert sha == run(f"git rev-parse {expected}", clone)


async def test_the_repository_runs_nothing(client: Client, clone: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.d.textconv", "diff.d.command", "filter.f.clean"):
        run(f"git config {key} {trap}", clone)
    run("git config filter.g.process x && git config filter.g.required true", clone)
    run(
        "echo '* diff=d filter=f' > .gitattributes && echo 'g filter=g' >> .gitattributes && echo g>g && echo b>>a",
        clone,
    )
    (tmp_path / "sprung").unlink(missing_ok=True)
    _, diff = await difference(client, clone)
    assert all(f"+++ b/{name}" in diff for name in ("a", "g", ".gitattributes"))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "script",
    ["rm -rf .git", "git remote remove origin", "rm -rf .git && git init -q .", "printf '[broken' > .git/config"],
)
async def test_what_has_no_remote_is_refused(client: Client, clone: Path, script: str) -> None:
    run(script, clone)
    code, text = await refusal(client, "gitDiffToRemote", {"cwd": str(clone)})
    assert (code, text) == (INVALID, f'failed to compute git diff to remote for cwd: "{clone}"')


@pytest.mark.parametrize("cwd", ["", "relative", "/nowhere/at/all"])
async def test_folders_that_are_none_are_refused(client: Client, cwd: str) -> None:
    code, text = await refusal(client, "gitDiffToRemote", {"cwd": cwd})
    assert (code, text) == (INVALID, f'failed to compute git diff to remote for cwd: "{cwd}"')


async def test_nothing_outside_the_allowed_roots(launch: Launch, clone: Path, home: Home) -> None:
    client = await launch(fs_roots=[str(home.workspace), str(clone / "sub")])
    code, text = await refusal(client, "gitDiffToRemote", {"cwd": str(clone / "sub")})
    assert (code, text) == (INVALID, f"path is outside the allowed roots: `{clone}`")
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    path = (await summary(client, conversationId=thread))["path"]
    code, text = await refusal(client, "getConversationSummary", {"rolloutPath": path})
    assert (code, text) == (INVALID, f"path is outside the allowed roots: `{path}`")
