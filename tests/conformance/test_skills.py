"""skills/*, and skills in turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread, refusal
from tests.support.client import Client, Message, is_completion_of
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home

INVALID_PARAMS = -32602
CHANGED = "skills/changed"


def skill(folder: Path, name: str, *, description: str = "Does it.", body: str = "Do it well.") -> Path:
    path = folder / name / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {name}\ndescription: {description}\n---\n{body}\n")
    return path


async def listed(client: Client, **params: Any) -> list[Message]:
    return [each for entry in (await client.request("skills/list", params))["data"] for each in entry["skills"]]


def texts(request: Any, role: str) -> list[str]:
    found = [item for item in request.json["input"] if item.get("role") == role]
    return [part["text"] for item in found for part in item["content"]]


async def test_skills_are_listed(client: Client, home: Home) -> None:
    own, repo = skill(home.path / "skills", "own"), skill(home.workspace / ".agents" / "skills", "repo")
    (home.path / "skills" / "bad").mkdir()
    (home.path / "skills" / "bad" / "SKILL.md").write_text("nothing")
    [entry] = (await client.request("skills/list", {"cwds": [str(home.workspace)]}))["data"]
    assert entry["cwd"] == str(home.workspace)
    assert [(each["name"], each["scope"], each["path"], each["enabled"]) for each in entry["skills"]] == [
        ("repo", "repo", str(repo), True),
        ("own", "user", str(own), True),
    ]
    assert [error["message"] for error in entry["errors"]] == ["missing YAML frontmatter delimited by ---"]
    assert [each["name"] for each in await listed(client, cwds=["/nonexistent"])] == ["own"]


async def test_a_skill_is_turned_off_and_on(client: Client, home: Home, provider: FakeProvider) -> None:
    path = skill(home.path / "skills", "own")
    before = (home.path / "config.toml").read_text()
    for which in ({"name": "own"}, {"path": str(path)}):
        off = await client.request("skills/config/write", {**which, "enabled": False})
        assert off == {"effectiveEnabled": False}
        assert [each["enabled"] for each in await listed(client)] == [False]
        assert await client.request("skills/config/write", {**which, "enabled": True}) == {"effectiveEnabled": True}
        assert (home.path / "config.toml").read_text().strip() == before.strip()
    await client.request("skills/config/write", {"name": "own", "enabled": False})
    await client.run_turn(await open_thread(client), "use $own")
    assert not any(str(path) in text for text in texts(provider.requests[0], "developer"))
    assert not any("Do it well." in text for text in texts(provider.requests[0], "user"))


@pytest.mark.parametrize("which", [{}, {"name": "a", "path": "/a"}])
async def test_one_skill_at_a_time(client: Client, which: Message) -> None:
    assert await refusal(client, "skills/config/write", {**which, "enabled": False}) == (
        INVALID_PARAMS,
        "skills/config/write requires exactly one of path or name",
    )


async def test_roots_of_a_client(client: Client, home: Home, tmp_path: Path) -> None:
    skill(tmp_path / "roots", "more")
    since = client.mark()
    assert await client.request("skills/extraRoots/set", {"extraRoots": [str(tmp_path / "roots")]}) == {}
    await client.wait_for(CHANGED, since=since)
    assert [each["name"] for each in await listed(client)] == ["more"]
    await client.request("skills/extraRoots/set", {"extraRoots": []})
    assert await listed(client) == []
    code, text = await refusal(client, "skills/extraRoots/set", {"extraRoots": ["relative"]})
    assert code == INVALID and "AbsolutePathBuf" in text


async def test_changes_are_told(client: Client, home: Home) -> None:
    (home.path / "skills").mkdir()
    assert await listed(client) == []
    since = client.mark()
    skill(home.path / "skills", "new")
    await client.wait_for(CHANGED, since=since)
    assert [each["name"] for each in await listed(client)] == ["new"]


async def test_the_model_is_told_of_skills(launch: Launch, home: Home, provider: FakeProvider) -> None:
    path = skill(home.workspace / ".codex" / "skills", "paint", description="Paints a wall.")
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "hello")
    [told] = [text for text in texts(provider.requests[0], "developer") if text.startswith("<skills>")]
    assert f"- paint: Paints a wall. ({path})" in told
    skill(home.workspace / ".codex" / "skills", "sweep")
    await client.run_turn(thread, "again")
    assert any("- sweep:" in text for text in texts(provider.requests[1], "developer"))


async def test_a_skill_that_is_named_is_read(client: Client, home: Home, provider: FakeProvider) -> None:
    path = skill(home.path / "skills", "paint", body="Two coats.")
    thread = await open_thread(client)
    await client.run_turn(thread, "please $paint it")
    said, given = texts(provider.requests[0], "user")[-2:]
    assert said == "please $paint it"
    assert given.startswith('<skill name="paint"') and "Two coats." in given and str(path) in given
    await client.run_turn(thread, "$paint again")
    assert sum("Two coats." in text for text in texts(provider.requests[1], "user")) == 1
    listed = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    first = listed["thread"]["turns"][0]["items"]
    assert [item["type"] for item in first] == ["userMessage", "agentMessage"]


async def test_a_skill_that_is_chosen_is_read(client: Client, home: Home, provider: FakeProvider) -> None:
    path = skill(home.path / "skills", "paint", body="Two coats.")
    secret = home.path / "secret.md"
    secret.write_text("not a skill")
    thread = await open_thread(client)
    chosen = [
        {"type": "skill", "name": "paint", "path": str(path)},
        {"type": "skill", "name": "x", "path": str(secret)},
    ]
    since = client.mark()
    turn = await client.request("turn/start", {"threadId": thread, "input": chosen})
    await client.wait_for(is_completion_of(turn["turn"]["id"]), since=since)
    given = texts(provider.requests[0], "user")
    assert any("Two coats." in text for text in given)
    assert not any("not a skill" in text for text in given)
