"""fuzzyFileSearch: one search, and sessions that follow what the user types."""

from __future__ import annotations

from typing import Any

from tests.conformance.steps import INVALID, refusal
from tests.support.client import Client, Message
from tests.support.home import Home

INTERNAL = -32603
UPDATED, COMPLETED = "fuzzyFileSearch/sessionUpdated", "fuzzyFileSearch/sessionCompleted"


def make(home: Home, *paths: str) -> str:
    """The root they are below."""
    for path in paths:
        (home.workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (home.workspace / path).touch()
    return str(home.workspace)


async def typed(client: Client, session: str, query: str) -> Message:
    """The results that a session has once it is complete for this query."""
    since = client.mark()
    assert await client.request("fuzzyFileSearch/sessionUpdate", {"sessionId": session, "query": query}) == {}
    await client.wait_for(COMPLETED, since=since)
    return [told for told in client.notifications(UPDATED, since) if told["query"] == query][-1]


def paths(told: Message) -> list[str]:
    return [file["path"] for file in told["files"]]


async def test_one_search(scripted: Client, home: Home) -> None:
    root = make(home, "src/main.py", "main/other", ".git/HEAD", "ignored/main.py", "src/domain.rs")
    (home.workspace / ".gitignore").write_text("ignored/\n")
    search = {"query": "main.py", "roots": [root], "cancellationToken": None}
    result = await scripted.request("fuzzyFileSearch", search)
    score = result["files"][0].pop("score")
    assert score > 3 << 16
    assert result["files"] == [
        {
            "root": root,
            "path": "src/main.py",
            "match_type": "file",
            "file_name": "main.py",
            "indices": [4, 5, 6, 7, 8, 9, 10],
        }
    ]
    for query in ("", "zzz"):
        assert await scripted.request("fuzzyFileSearch", {**search, "query": query}) == {"files": []}
    for roots in ([], ["relative"], [f"{root}/src/main.py"]):
        assert await scripted.request("fuzzyFileSearch", {**search, "roots": roots}) == {"files": []}


async def test_a_later_search_with_the_same_token_takes_its_place(scripted: Client, home: Home) -> None:
    root = make(home, *(f"d{number % 40}/file{number}" for number in range(4000)))
    answers = [
        scripted.post("fuzzyFileSearch", {"query": "file", "roots": [root], "cancellationToken": "typing"})
        for _ in range(5)
    ]
    found: list[Any] = [len((await answer)["result"]["files"]) for answer in answers]
    assert found[-1] == 50
    assert found[:3] == [0, 0, 0]


async def test_a_session(scripted: Client, home: Home) -> None:
    root = make(home, "main.py", "maintain.rs", "other")
    starting = {"sessionId": "s", "roots": [root]}
    assert await scripted.request("fuzzyFileSearch/sessionStart", starting) == {}
    await scripted.wait_for(COMPLETED)
    assert scripted.notifications(UPDATED)[-1] == {"sessionId": "s", "query": "", "files": []}
    assert paths(await typed(scripted, "s", "mai")) == ["main.py", "maintain.rs"]
    assert paths(await typed(scripted, "s", "main.p")) == ["main.py"]
    assert paths(await typed(scripted, "s", "main.p")) == ["main.py"]  # told again when asked again
    assert paths(await typed(scripted, "s", "")) == []

    make(home, "sub/mainly")
    assert await scripted.request("fuzzyFileSearch/sessionStart", starting) == {}  # anew
    assert paths(await typed(scripted, "s", "mainl")) == ["sub/mainly"]
    assert await scripted.request("fuzzyFileSearch/sessionStop", {"sessionId": "s"}) == {}
    assert await scripted.request("fuzzyFileSearch/sessionStop", {"sessionId": "s"}) == {}
    gone = (INVALID, "fuzzy file search session not found: s")
    assert await refusal(scripted, "fuzzyFileSearch/sessionUpdate", {"sessionId": "s", "query": "x"}) == gone
    for params, refused in [
        ({"sessionId": "", "roots": [root]}, (INVALID, "sessionId must not be empty")),
        (
            {"sessionId": "s", "roots": []},
            (
                INTERNAL,
                "failed to start fuzzy file search session: at least one search directory is required",
            ),
        ),
    ]:
        assert await refusal(scripted, "fuzzyFileSearch/sessionStart", params) == refused
    assert await scripted.close() == 0


async def test_only_so_many_sessions(scripted: Client, home: Home) -> None:
    starting = {"roots": [make(home, "file")]}
    for number in range(16):
        await scripted.request("fuzzyFileSearch/sessionStart", {**starting, "sessionId": str(number)})
    refused = await refusal(scripted, "fuzzyFileSearch/sessionStart", {**starting, "sessionId": "more"})
    assert refused == (INVALID, "more than 16 fuzzy file search sessions")
    assert await scripted.request("fuzzyFileSearch/sessionStart", {**starting, "sessionId": "0"}) == {}


async def test_the_end_does_not_wait_for_a_search(scripted: Client) -> None:
    """The whole disk is being walked when the client leaves."""
    await scripted.request("fuzzyFileSearch/sessionStart", {"sessionId": "s", "roots": ["/"]})
    await scripted.request("fuzzyFileSearch/sessionUpdate", {"sessionId": "s", "query": "etc"})
    await scripted.wait_for(lambda m: m.get("method") == UPDATED and bool(m["params"]["files"]))
    assert await scripted.close() == 0
