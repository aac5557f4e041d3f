"""Rollouts go both ways between this store and the reference server. Runs if SPINDLED_REFERENCE names its binary."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from spindled.process.quoting import join
from spindled.store.ids import new_id
from spindled.store.index.query import ListQuery
from spindled.store.replay import items
from spindled.store.rollout import rows
from spindled.store.rollout.cut import Cut
from spindled.store.threads import ThreadStore
from spindled_protocol.types import (
    AddPatchChangeKind,
    CommandExecutionThreadItem,
    ContextCompactionThreadItem,
    DeletePatchChangeKind,
    DynamicToolCallThreadItem,
    EnteredReviewModeThreadItem,
    ExitedReviewModeThreadItem,
    FileChangeThreadItem,
    FileUpdateChange,
    ImageUserInput,
    ImageViewThreadItem,
    InputTextDynamicToolCallOutputContentItem,
    LocalImageUserInput,
    McpToolCallResult,
    McpToolCallThreadItem,
    PlanThreadItem,
    ReadCommandAction,
    ReasoningThreadItem,
    TextUserInput,
    ThreadItem,
    TurnError,
    UnknownCommandAction,
    UpdatePatchChangeKind,
    UserMessageThreadItem,
)
from tests.unit.store.samples import add_turn, message, meta, questions, turn_start

REFERENCE = os.environ.get("SPINDLED_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="SPINDLED_REFERENCE names no binary")

CONFIG = """
model = "gpt-5.5"
model_provider = "fake"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.fake]
name = "fake"
base_url = "http://127.0.0.1:{port}/v1"
wire_api = "responses"
supports_websockets = false
request_max_retries = 0
stream_max_retries = 0
"""


class Model:
    """Answers every request with one message; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.split(b"content-length:")[1].split()[0]) if b"content-length:" in head else 0
        body = await reader.readexactly(size)
        if head.startswith(b"post") and b"/responses" in head.split(b"\r\n")[0]:
            self.asked.append(json.loads(body))
            number = len(self.asked)
            text = {"type": "output_text", "text": f"answer {number}", "annotations": []}
            item = {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": [text],
            }
            usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
            events = [
                {"type": "response.created", "response": {"id": f"r{number}"}},
                {"type": "response.output_item.done", "output_index": 0, "item": item},
                {"type": "response.completed", "response": {"id": f"r{number}", "output": [item], "usage": usage}},
            ]
            data = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + data)
        else:
            writer.write(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


class Server:
    """A reference server and its client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._next = 0

    async def call(self, method: str, **params: Any) -> Any:
        self._next += 1
        await self._send({"id": self._next, "method": method, "params": params})
        answer = await self._until(lambda message: message.get("id") == self._next and "method" not in message)
        assert "error" not in answer, answer
        return answer["result"]

    async def error(self, method: str, **params: Any) -> str:
        with pytest.raises(AssertionError) as failure:
            await self.call(method, **params)
        return str(failure.value)

    async def turn(self, thread_id: str, text: str) -> None:
        await self.call("turn/start", threadId=thread_id, input=[{"type": "text", "text": text}])
        await self._until(lambda message: message.get("method") == "turn/completed")

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    async def _until(self, wanted: Any) -> dict[str, Any]:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            if wanted(message):
                return message
        raise EOFError


@pytest_asyncio.fixture
async def model(home: Path) -> AsyncIterator[Model]:
    model = Model()
    listener = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    home.mkdir()
    (home / "config.toml").write_text(CONFIG.format(port=listener.sockets[0].getsockname()[1]))
    yield model
    listener.close()
    await listener.wait_closed()


@pytest_asyncio.fixture
async def server(home: Path, model: Model) -> AsyncIterator[Server]:
    server = await _start(home)
    yield server
    await server.stop()


async def _start(home: Path) -> Server:
    process = await asyncio.create_subprocess_exec(
        REFERENCE,
        "app-server",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "CODEX_HOME": str(home), "HOME": str(home)},
        limit=1 << 28,
    )
    server = Server(process)
    client = {"name": "tests", "version": "1"}
    await server.call("initialize", clientInfo=client, capabilities={"experimentalApi": True})
    return server


def every_kind(cwd: str) -> list[ThreadItem]:
    diff = "@@ -1 +1 @@\n-a\n+b\n"
    changes = [
        FileUpdateChange(path="/w/a", kind=UpdatePatchChangeKind(move_path="/w/b"), diff=f"{diff}\n\nMoved to: /w/b"),
        FileUpdateChange(path="/w/c", kind=AddPatchChangeKind(), diff="one\n"),
        FileUpdateChange(path="/w/d", kind=DeletePatchChangeKind(), diff="gone\n"),
    ]
    words = ["/bin/bash", "-lc", "echo \"it's\" '$x' `y` \\ ^ ! é\n\tz = {a,b} # * ? [x] ~ % < > | & ; ( )"]
    actions = [ReadCommandAction(command="cat x", name="x", path="/w/x"), UnknownCommandAction(command="y")]
    parts = [
        TextUserInput(text="see"),
        ImageUserInput(url="data:image/png;base64,AA==", detail=None),
        LocalImageUserInput(path="/w/p.png", detail=None),
    ]
    made: list[ThreadItem] = [
        UserMessageThreadItem(id="u2", clientId="mine", content=parts),
        ReasoningThreadItem(id="r", summary=["a", "b"], content=["raw"]),
        CommandExecutionThreadItem(
            id="c",
            command=join(words),
            cwd=f"{cwd}/a b%é",
            processId="7",
            source="unifiedExecStartup",
            status="failed",
            commandActions=actions,
            aggregatedOutput="out",
            exitCode=3,
            durationMs=1234,
        ),
        CommandExecutionThreadItem(id="c2", command="ls", cwd=cwd, status="declined", commandActions=[]),
        FileChangeThreadItem(id="p", changes=changes, status="completed"),
        McpToolCallThreadItem(
            id="m",
            server="s",
            tool="t",
            status="completed",
            arguments={"a_b": 1},
            readOnlyHint=True,
            result=McpToolCallResult(content=[{"type": "text", "text": "x"}], structuredContent=None, _meta=None),
            durationMs=5,
        ),
        DynamicToolCallThreadItem(
            id="d",
            tool="t",
            arguments={},
            status="completed",
            contentItems=[InputTextDynamicToolCallOutputContentItem(text="x")],
            success=True,
            durationMs=5,
        ),
        ImageViewThreadItem(id="i", path=f"{cwd}/p.png"),
        PlanThreadItem(id="pl", text="# Plan\n"),
        EnteredReviewModeThreadItem(id="e", review="current changes"),
        ExitedReviewModeThreadItem(id="x", review="all is well"),
        ContextCompactionThreadItem(id="k"),
    ]
    for item in made:
        item.startedAtMs, item.completedAtMs = 1_700_000_000_000, 1_700_000_000_500
    return made


def said_by_user(model: Model) -> list[str]:
    """Of the last request."""
    return [item["content"][0]["text"] for item in model.asked[-1]["input"] if item.get("role") == "user"]


async def test_the_reference_takes_our_rollouts(home: Path, model: Model) -> None:
    store = ThreadStore(home)
    writer = store.create(meta(cwd=str(home)))
    thread = writer.thread_id
    call = {"type": "function_call", "call_id": "c", "name": "exec_command", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c", "output": "done"}
    extra = [rows.response_item(call), rows.response_item(output)]
    turn = new_id()
    add_turn(
        writer,
        "hello",
        "hi",
        [*extra, *[rows.item_completed(thread, turn, item) for item in every_kind(str(home))]],
        turn,
    )
    failed = new_id()
    error = TurnError(message="broken", codexErrorInfo="serverOverloaded")
    writer.append(
        [*turn_start(thread, failed, "fail"), rows.task_complete(failed, None, 1, 2, 3, items.failure(error))]
    )
    stopped = new_id()
    writer.append([*turn_start(thread, stopped, "stop"), rows.turn_aborted(stopped, 1, 2, 3)])
    writer.append(turn_start(thread, new_id(), "killed"))
    server = await _start(home)
    assert "already has an active writer" in await server.error("thread/resume", threadId=thread)
    writer.close()
    ours = json.loads(msgspec.json.encode(list(store.read(thread).turns)))
    resumed = await server.call("thread/resume", threadId=thread)
    assert resumed["thread"]["turns"] == ours
    read = await server.call("thread/read", threadId=thread, includeTurns=True)
    assert read["thread"]["turns"] == ours
    assert read["thread"]["preview"] == "hello"
    listed = await server.call("thread/turns/list", threadId=thread, itemsView="full", sortDirection="asc")
    assert listed["data"] == ours
    (shown,) = (await server.call("thread/list"))["data"]
    (mine,) = store.list(ListQuery()).threads
    wire = json.loads(msgspec.json.encode(mine.to_thread()))
    same = ("id", "sessionId", "preview", "historyMode", "modelProvider", "model", "cwd", "cliVersion", "originator")
    assert {key: shown[key] for key in same} == {key: wire[key] for key in same}
    assert (shown["source"], shown["path"]) == (wire["source"], wire["path"])
    await server.turn(thread, "go on")
    said = [text for text in said_by_user(model) if not text.startswith("<")]
    assert said == ["hello", "fail", "stop", "killed", "go on"]
    kinds = [item["type"] for item in model.asked[-1]["input"] if item["type"] != "message"]
    assert kinds == ["function_call", "function_call_output"]
    await server.stop()
    assert questions(store, thread)[-1] == "go on"
    writer = store.open(thread)
    add_turn(writer, "ours again")
    writer.close()
    server = await _start(home)
    resumed = await server.call("thread/resume", threadId=thread)
    assert resumed["thread"]["turns"] == json.loads(msgspec.json.encode(list(store.read(thread).turns)))
    await server.stop()
    store.close()


async def test_the_reference_goes_on_from_our_compaction(home: Path, model: Model) -> None:
    store = ThreadStore(home)
    writer = store.create(meta(cwd=str(home)))
    thread, turn = writer.thread_id, new_id()
    add_turn(writer, "long ago", "long answer")
    summary = message("user", "<conversation_summary>what was</conversation_summary>")
    replaced = [message("developer", "<permissions>"), message("user", "long ago"), summary]
    item = ContextCompactionThreadItem(id="k", startedAtMs=1_700_000_000_000, completedAtMs=1_700_000_000_500)
    writer.append(
        [
            *turn_start(thread, turn, "compact")[:2],
            rows.compacted("what was", replaced),
            rows.item_completed(thread, turn, item),
            rows.task_complete(turn, None, 1, 2, 3),
        ]
    )
    add_turn(writer, "since then", "short answer")
    writer.close()
    ours = json.loads(msgspec.json.encode(list(store.read(thread).turns)))
    history = [(each["role"], each["content"][0]["text"]) for each in store.read(thread).history]
    assert history[:3] == [(each["role"], each["content"][0]["text"]) for each in replaced]
    server = await _start(home)
    resumed = await server.call("thread/resume", threadId=thread)
    assert resumed["thread"]["turns"] == ours
    await server.turn(thread, "go on")
    await server.stop()
    asked = [(each["role"], each["content"][0]["text"]) for each in model.asked[-1]["input"]]
    begin = asked.index(history[0])
    assert asked[begin : begin + len(history)] == history
    assert ("assistant", "long answer") not in asked
    assert asked[-1] == ("user", "go on")
    store.close()


async def test_we_take_the_references_rollouts(home: Path, server: Server) -> None:
    thread = (await server.call("thread/start", cwd=str(home)))["thread"]["id"]
    for text in ("one", "two", "three"):
        await server.turn(thread, text)
    turns = (await server.call("thread/turns/list", threadId=thread))["data"]
    await server.call("thread/revert", threadId=thread, beforeTurnId=turns[0]["id"])
    await server.turn(thread, "third")
    fork = (await server.call("thread/fork", threadId=thread))["thread"]["id"]
    await server.turn(fork, "in the fork")
    await server.call("thread/name/set", threadId=thread, name="Theirs")
    store = ThreadStore(home)
    for one in (thread, fork):
        theirs = await server.call("thread/read", threadId=one, includeTurns=True)
        stored = store.read(one)
        assert json.loads(msgspec.json.encode(list(stored.turns))) == theirs["thread"]["turns"]
        assert stored.warnings == []
        assert stored.usage is not None
        assert stored.usage.last.totalTokens == 2
    assert questions(store, fork) == ["one", "two", "third", "in the fork"]
    assert [item for item in store.read(thread).history if item.get("role") == "assistant"]
    assert {found.id for found in store.list(ListQuery()).threads} == {thread, fork}
    assert store.summary(thread).name == "Theirs"
    await server.call("thread/archive", threadId=thread)
    store.refresh()
    assert [found.id for found in store.list(ListQuery(archived=True)).threads] == [thread]
    await server.call("thread/unarchive", threadId=thread)
    await server.stop()
    store.refresh()
    writer = store.open(thread)
    add_turn(writer, "ours", "ok", [rows.response_item(message("user", "x"))])
    writer.close()
    assert questions(store, thread) == ["one", "two", "third", "ours"]
    store.close()
    again = await _start(home)
    theirs = await again.call("thread/resume", threadId=thread)
    assert [turn["items"][0]["content"][0]["text"] for turn in theirs["thread"]["turns"]] == [
        "one",
        "two",
        "third",
        "ours",
    ]
    await again.stop()


@pytest.mark.parametrize("command", ["fork", "revert"])
async def test_the_reference_takes_our_forks_and_reverts(
    home: Path, model: Model, server: Server, command: str
) -> None:
    store = ThreadStore(home)
    writer = store.create(meta(cwd=str(home)))
    turns = [add_turn(writer, text) for text in ("one", "two", "three")]
    writer.close()
    thread = writer.thread_id
    if command == "revert":
        store.revert(thread, turns[1])
        writer = store.open(thread)
    else:
        writer = store.fork(thread, meta(cwd=str(home)), Cut(before_turn=turns[1]))
        store.delete(thread)
        thread = writer.thread_id
    add_turn(writer, "new two")
    writer.close()
    turns_read = json.loads(msgspec.json.encode(list(store.read(thread).turns)))
    resumed = await server.call("thread/resume", threadId=thread)
    # Without its own database the reference shows a reverted thread's newest file only, its own reverts included.
    assert resumed["thread"]["turns"] == (turns_read if command == "fork" else turns_read[1:])
    await server.turn(thread, "go on")
    assert questions(store, thread) == ["one", "new two", "go on"]
    assert [text for text in said_by_user(model) if not text.startswith("<")] == ["one", "new two", "go on"]
    store.close()


async def test_the_reference_passes_over_what_we_count(home: Path, model: Model, server: Server) -> None:
    """3-03: with rows of ours it resumes, forks and reverts a thread, and its forks inherit the account."""
    store = ThreadStore(home)
    writer = store.create(meta(cwd=str(home)))
    thread = writer.thread_id
    for number in (1, 2):
        add_turn(writer, f"turn {number}", more=[rows.spending(rows.Spending(turns=number, tool_calls=number))])
    writer.close()
    ours = json.loads(msgspec.json.encode(list(store.read(thread).turns)))
    assert (await server.call("thread/resume", threadId=thread))["thread"]["turns"] == ours
    await server.turn(thread, "theirs")
    fork = (await server.call("thread/fork", threadId=thread))["thread"]["id"]
    await server.turn(fork, "in the fork")
    assert [text for text in said_by_user(model) if not text.startswith("<")] == [
        "turn 1",
        "turn 2",
        "theirs",
        "in the fork",
    ]
    await server.call("thread/revert", threadId=thread, beforeTurnId=ours[1]["id"])
    await server.turn(thread, "again")
    store.refresh()
    for one, turns, tools in ((fork, 4, 2), (thread, 2, 1)):
        stored = store.read(one)
        assert (stored.spending.turns, stored.spending.tool_calls, stored.warnings) == (turns, tools, [])
        assert stored.usage is not None
        total = sum(usage.total_tokens for usage in stored.spending.tokens.values())
        assert total == stored.usage.total.totalTokens
    store.close()
