"""The commit, branch and origin of a thread's folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import Spawn
from tests.support.client import Client
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home

SETUP = (
    "git init -q -b main . && git -c user.email=a@b -c user.name=n commit -q --allow-empty -m x && "
    "git remote add origin https://user:hidden@example.invalid/x/y.git && git rev-parse HEAD"
)


def repository(folder: Path) -> str:
    """Its commit."""
    done = subprocess.run(["/bin/sh", "-c", SETUP], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


async def test_git_info_everywhere(client: Client, provider: FakeProvider, home: Home) -> None:
    sha = repository(home.workspace)
    (home.workspace / "sub").mkdir()
    expected = {"sha": sha, "branch": "main", "originUrl": "https://example.invalid/x/y.git"}
    thread: dict[str, Any] = await client.start_thread(cwd=str(home.workspace / "sub"))
    assert thread["gitInfo"] == expected
    await client.run_turn(thread["id"], "hi")
    [listed] = (await client.request("thread/list", {}))["data"]
    read = await client.request("thread/read", {"threadId": thread["id"]})
    assert listed["gitInfo"] == read["thread"]["gitInfo"] == expected
    assert "hidden" not in Path(read["thread"]["path"]).read_text()


async def test_git_itself_is_not_needed(spawn: Spawn, provider: FakeProvider, home: Home, tmp_path: Path) -> None:
    sha = repository(home.workspace)
    home.write_config(provider.base_url)
    client = await spawn(env={"PATH": str(tmp_path)})
    await client.initialize()
    assert (await client.start_thread())["gitInfo"]["sha"] == sha


async def test_outside_of_a_repository(client: Client) -> None:
    assert (await client.start_thread())["gitInfo"] is None
