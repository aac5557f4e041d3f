"""`@agentclientprotocol/codex-acp` from npm, the official adapter, driven over ACP as an editor drives it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.clients.editor import Editor
from tests.clients.registry import from_npm, node
from tests.support.client import Message
from tests.support.fake_items import custom_tool_call, function_call, message, reasoning
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home

PATIENCE = 60.0


@pytest.fixture(scope="module")
def adapter() -> Path:
    folder = from_npm("codex-acp", "@agentclientprotocol/codex-acp@2.6.0")
    return folder / "node_modules" / "@agentclientprotocol" / "codex-acp" / "dist" / "index.js"


@pytest_asyncio.fixture
async def editor(adapter: Path, codex: Path, home: Home, provider: FakeProvider) -> AsyncIterator[Editor]:
    env = home.environment(CODEX_HOME=str(home.path), CODEX_PATH=str(codex), PATH=os.environ["PATH"])
    del env["SPINDLED_HOME"]
    async with await Editor.start([node(), adapter], env=env, cwd=home.workspace) as started:
        capabilities = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
        hello = {"protocolVersion": 1, "clientCapabilities": capabilities, "clientInfo": {"name": "ed", "version": "1"}}
        answer = await started.request("initialize", hello, patience=PATIENCE)
        assert answer["protocolVersion"] == 1
        yield started


async def new_session(editor: Editor, home: Home) -> str:
    session = await editor.request("session/new", {"cwd": str(home.workspace), "mcpServers": []}, patience=PATIENCE)
    return str(session["sessionId"])


async def test_a_turn(editor: Editor, home: Home, provider: FakeProvider) -> None:
    provider.script(stream(reasoning(["hm"]), message("hello editor", deltas=3)))
    session = await new_session(editor, home)
    assert await editor.prompt(session, "hello") == "end_turn"
    assert editor.said() == "hello editor"
    assert "".join(update["content"]["text"] for update in editor.updates("agent_thought_chunk")).strip() == "hm"


@pytest.mark.parametrize(("wanted", "made"), [("allow_once", True), ("reject_once", False)])
async def test_permissions(editor: Editor, home: Home, provider: FakeProvider, wanted: str, made: bool) -> None:
    """A command and a patch are asked about. A no to the patch ends the turn: the adapter knows no other for it."""
    patch = "*** Begin Patch\n*** Add File: patched.txt\n+hello\n*** End Patch\n"
    provider.script(
        stream(function_call("exec_command", {"cmd": "touch commanded.txt"})),
        stream(custom_tool_call("apply_patch", patch)),
        stream(message("done")),
    )
    asked: list[Message] = []

    def permit(params: Message) -> Any:
        asked.append(params)
        option = next(option for option in params["options"] if option["kind"] == wanted)
        return {"outcome": {"outcome": "selected", "optionId": option["optionId"]}}

    editor.on_request("session/request_permission", permit)
    home.write_config(provider.base_url, approval_policy="untrusted", sandbox_mode="read-only")
    session = await new_session(editor, home)
    await editor.request("session/set_mode", {"sessionId": session, "modeId": "read-only"}, patience=PATIENCE)
    assert await editor.prompt(session, "work") == ("end_turn" if made else "cancelled")
    assert len(asked) == 2
    assert (home.workspace / "commanded.txt").exists() == made
    assert (home.workspace / "patched.txt").exists() == made
    assert editor.said() == ("done" if made else "")
    ended = [update["status"] for update in editor.updates("tool_call_update") if "status" in update]
    assert ("completed" in ended) == made


async def test_cancel(editor: Editor, home: Home, provider: FakeProvider) -> None:
    provider.script(stream(message("never ends", deltas=2, hold_after=(1, "for ever"))))
    session = await new_session(editor, home)
    prompt = {"sessionId": session, "prompt": [{"type": "text", "text": "begin"}]}
    answer = editor.post("session/prompt", prompt)
    await editor.wait_for(lambda message: bool(editor.said()), patience=PATIENCE)
    editor.notify("session/cancel", {"sessionId": session})
    assert (await answer)["result"]["stopReason"] == "cancelled"
    assert await editor.prompt(session, "go on") == "end_turn"


async def test_sessions_come_back(editor: Editor, home: Home, provider: FakeProvider) -> None:
    provider.script(stream(message("first answer")))
    session = await new_session(editor, home)
    await editor.prompt(session, "remember this")
    listed = await editor.request("session/list", {"cwd": str(home.workspace)}, patience=PATIENCE)
    assert [found["sessionId"] for found in listed["sessions"]] == [session]
    since = editor.mark()
    load = {"sessionId": session, "cwd": str(home.workspace), "mcpServers": []}
    await editor.request("session/load", load, patience=PATIENCE)
    assert editor.said(since) == "first answer"
    assert await editor.prompt(session, "go on") == "end_turn"
