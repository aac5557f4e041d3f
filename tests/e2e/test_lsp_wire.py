"""The language server by the letter: what may be said when, how it ends, and the wire of agents beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SpawnLanguage
from tests.support.client import Message, RequestFailed
from tests.support.home import Home, language_command

RUN = "item/commandExecution/requestApproval"
PROMPT = "window/showMessageRequest"


async def refusal(client: Any, method: str, params: Any = None) -> int:
    with pytest.raises(RequestFailed) as refused:
        await client.request(method, params)
    return refused.value.code


# -- what may be said when


async def test_initialize_comes_first_and_once(language: SpawnLanguage) -> None:
    client = await language()
    for method in ("thread/start", "textDocument/codeAction", "shutdown", "no/such"):
        assert await refusal(client, method, {}) == -32002
    client.notify("textDocument/didOpen", {})
    assert await refusal(client, "initialize", {"capabilities": {}, "rootUri": {}, "workspaceFolders": 5}) == -32602
    await client.language()
    assert await refusal(client, "initialize", {"capabilities": {}}) == -32600
    assert await refusal(client, "no/such") == -32601
    assert await refusal(client, "textDocument/codeAction", {"textDocument": 1}) == -32602
    assert await client.close() == 0


async def test_nothing_but_exit_after_shutdown(language: SpawnLanguage) -> None:
    client = await language()
    await client.language()
    assert await client.request("shutdown") is None
    for method in ("thread/loaded/list", "shutdown", "workspace/executeCommand"):
        assert await refusal(client, method, {}) == -32600
    client.notify("exit")
    assert await client.process.wait() == 0


@pytest.mark.parametrize("initialized", [True, False])
async def test_exit_without_shutdown_is_a_failure(language: SpawnLanguage, initialized: bool) -> None:
    client = await language()
    if initialized:
        await client.language()
    client.notify("exit")
    assert await client.process.wait() == 1


@pytest.mark.parametrize("shutdown", [True, False])
async def test_a_client_that_just_leaves(language: SpawnLanguage, shutdown: bool) -> None:
    client = await language()
    await client.language()
    if shutdown:
        await client.request("shutdown")
    client.process.stdin.close()
    assert await client.process.wait() == int(not shutdown)


async def test_a_signal_ends_it_in_mid_turn(language: SpawnLanguage) -> None:
    client = await language()
    await client.language()
    await client.command("ask", text="stream 100000 words every 5 ms")
    client.process.send_signal(signal.SIGTERM)
    assert await client.process.wait() == 0


async def test_it_ends_with_its_parent(language: SpawnLanguage) -> None:
    parent = subprocess.Popen(["sleep", "1000"])
    try:
        client = await language()
        await client.request("initialize", {"processId": parent.pid, "capabilities": {}})
    finally:
        parent.kill()
        parent.wait()
    assert await client.process.wait() == 0


@pytest.mark.parametrize("arguments", [["--tcp", "x"], ["--tcp", "0.0.0.0:0"], ["--listen", "unix://"], ["--ws", ":1"]])
def test_an_address_that_makes_no_sense(home: Home, arguments: list[str]) -> None:
    done = subprocess.run(
        language_command(*arguments), env=home.environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: ")


async def test_a_pipe_that_the_editor_made(home: Home, short_path: Path) -> None:
    """As editors do that hand `--pipe` on: they wait there, the server comes."""
    arrived: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()
    async with await asyncio.start_unix_server(
        lambda reader, writer: arrived.set_result((reader, writer)), short_path / "pipe"
    ):
        process = await asyncio.create_subprocess_exec(
            *language_command("--pipe", str(short_path / "pipe")), env=home.environment(), cwd=home.workspace
        )
        async with asyncio.timeout(20):
            reader, writer = await arrived
            body = b'{"jsonrpc":"2.0","method":"exit"}'
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            assert await process.wait() == 1
            assert await reader.read() == b""
        writer.close()


# -- framing and ids


async def test_other_headers_and_cut_messages(language: SpawnLanguage) -> None:
    client = await language()
    body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
    message = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:%d\r\n\r\n%b" % (
        len(body),
        body,
    )
    for place in range(len(message)):
        client.process.stdin.write(message[place : place + 1])
        await client.process.stdin.drain()
    answer = await client.wait_for(lambda m: m.get("id") == 1)
    assert answer["result"]["serverInfo"]["name"] == "spindled"


async def test_a_request_is_given_up(language: SpawnLanguage, home: Home) -> None:
    client = await language("lsp", "-c", "sandbox_mode=danger-full-access")
    await client.initialize()
    (home.workspace / "began").touch()
    params = {"command": ["sh", "-c", "rm began; exec sleep 1000"], "timeoutMs": 1_000_000}
    client.send({"jsonrpc": "2.0", "id": "long", "method": "command/exec", "params": params})
    while (home.workspace / "began").exists():  # noqa: ASYNC110 - another process removes it
        await asyncio.sleep(0.01)
    client.notify("$/cancelRequest", {"id": "long"})
    answer = await client.wait_for(lambda m: m.get("id") == "long")
    assert answer["error"]["code"] == -32800
    assert await client.close() == 0


# -- the wire


async def test_events_of_the_wire_only_for_who_speaks_it(language: SpawnLanguage) -> None:
    client = await language()
    await client.language()
    await client.command("ask", text="say Hello.")
    await client.wait_for("window/showMessage")
    methods = {message.get("method", "") for message in client.received}
    assert not {method for method in methods if method.startswith(("turn/", "item/", "thread/"))}
    await client.request("thread/loaded/list", {})
    await client.command("ask", text="say Hello.")
    await client.wait_for("turn/completed")


async def test_a_client_with_an_interface_of_its_own(language: SpawnLanguage) -> None:
    client = await language("lsp", "-c", "approval_policy=untrusted")
    ours = {"spindled": {"ui": True, "optOutNotificationMethods": ["item/agentMessage/delta"]}}
    await client.language(experimental=ours, window={"workDoneProgress": True})
    client.on_request(RUN, lambda params: {"decision": "accept"})
    await client.command("ask", text="run echo made\nsay Done.")
    await client.wait_for("turn/completed")
    methods = {message.get("method") for message in client.received}
    assert not methods & {"window/workDoneProgress/create", PROMPT, "item/agentMessage/delta"}


async def test_who_does_not_know_a_question_is_asked_in_the_editors_way(language: SpawnLanguage, home: Home) -> None:
    client = await language()
    await client.language()

    def refuse(message: Message) -> None:
        if message.get("method") == RUN:
            client.send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "unknown"}})

    client.watch(refuse)
    client.on_request(PROMPT, lambda params: {"title": "Run"})
    thread = await client.start_thread(approvalPolicy="untrusted", sandbox="danger-full-access")
    await client.run_turn(thread["id"], "run touch one\nrun touch two")
    assert {path.name for path in home.workspace.iterdir()} == {"one", "two"}
    assert len(client.notifications(RUN)) == 0
    asked = [message["method"] for message in client.received if message.get("method") in (RUN, PROMPT)]
    assert asked == [RUN, PROMPT, PROMPT]


async def test_a_prompt_that_is_settled_otherwise_is_taken_back(language: SpawnLanguage) -> None:
    client = await language("lsp", "-c", "approval_policy=untrusted", "-c", "sandbox_mode=danger-full-access")
    await client.language()
    started = await client.command("ask", text="run touch one")
    prompt = await client.wait_for(PROMPT)
    await client.request("turn/interrupt", {"threadId": started["threadId"], "turnId": started["turnId"]})
    cancel = await client.wait_for("$/cancelRequest")
    assert cancel["params"]["id"] == prompt["id"]
    client.send({"id": prompt["id"], "result": {"title": "Run"}})
    assert await client.close() == 0
    assert "Traceback" not in client.stderr


async def test_tracing(language: SpawnLanguage) -> None:
    client = await language()
    await client.language()
    client.notify("$/setTrace", {"value": "messages"})
    await client.command("ask", text="say Hello.")
    trace = await client.wait_for("$/logTrace")
    assert trace["params"]["message"] == "turn/started"
    assert "verbose" not in trace["params"]


async def test_workspace_folders(language: SpawnLanguage, tmp_path: Path) -> None:
    client = await language()
    await client.language(folder=tmp_path)
    (tmp_path / "inner").mkdir()
    added = [{"uri": (tmp_path / "inner").as_uri(), "name": "inner"}]
    client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    (tmp_path / "inner" / "a.txt").write_text("text")
    places = {}
    for name, uri in [("outer", tmp_path / "b.txt"), ("inner", tmp_path / "inner" / "a.txt")]:
        uri.write_text("text")
        thread = (await client.command("explain", uri=uri.as_uri()))["threadId"]
        places[name] = (await client.request("thread/read", {"threadId": thread}))["thread"]["cwd"]
    assert places == {"outer": str(tmp_path), "inner": str(tmp_path / "inner")}


async def test_the_agent_knows_what_is_unsaved(language: SpawnLanguage, home: Home) -> None:
    client = await language()
    await client.language(folder=home.workspace)
    path = home.workspace / "a.txt"
    path.write_text("disk")
    client.notify(
        "textDocument/didOpen",
        {"textDocument": {"uri": path.as_uri(), "languageId": "text", "version": 1, "text": "buffer"}},
    )
    thread = (await client.command("ask", text='call read_file {"path":"a.txt"}'))["threadId"]
    shown = await client.wait_for("window/showMessage")
    assert "buffer" in shown["params"]["message"]
    stored = await client.request("thread/read", {"threadId": thread})
    rollout = Path(stored["thread"]["path"]).read_text()
    assert "unsaved changes in the user's editor" in rollout
    assert str(path) in rollout


def test_the_log_keeps_what_is_typed_to_itself(home: Home) -> None:
    bodies = [
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}',
        b'{"jsonrpc":"2.0","id":2,"method":"textDocument/codeAction","params":{"range":"a secret"}}',
        b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":"a secret"}}',
    ]
    done = subprocess.run(
        language_command("-vv"),
        input=b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies),
        env={**os.environ, **home.environment()},
        capture_output=True,
        check=False,
    )
    assert b'"code":-32602' in done.stdout
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"a secret" not in done.stderr


async def test_a_part_of_a_patch_of_unsaved_documents(language: SpawnLanguage, home: Home) -> None:
    """The client shows approvals itself, and makes the edits: only those of the files that it accepted."""
    client = await language("lsp", "-c", "approval_policy=untrusted", "-c", "sandbox_mode=danger-full-access")
    uris = {}
    for name in ("a.txt", "b.txt"):
        path = home.workspace / name
        path.write_text("saved\n")
        uris[name] = path.as_uri()
    edits: list[Message] = []

    def apply(params: Message) -> Message:
        edits.append(params["edit"])
        for change in params["edit"]["documentChanges"]:
            document = {"uri": change["textDocument"]["uri"], "version": 2}
            client.notify(
                "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": "patched\n"}]}
            )
        return {"applied": True}

    client.on_request("workspace/applyEdit", apply)
    client.on_request(
        "item/fileChange/requestApproval",
        lambda params: {"decision": "accept", "acceptedPaths": [str(home.workspace / "b.txt")]},
    )
    workspace = {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}
    await client.language(
        folder=home.workspace,
        workspace=workspace,
        experimental={"spindled": {"ui": True, "experimentalApi": True}},
    )
    for uri in uris.values():
        document = {"uri": uri, "languageId": "plaintext", "version": 1, "text": "typed\n"}
        client.notify("textDocument/didOpen", {"textDocument": document})
    hunks = "".join(f"    *** Update File: {name}\n    @@\n    -typed\n    +patched\n" for name in uris)
    thread = await client.start_thread()
    messages = await client.run_turn(thread["id"], f"patch\n    *** Begin Patch\n{hunks}    *** End Patch\nsay done")
    (edit,) = edits
    assert [change["textDocument"]["uri"] for change in edit["documentChanges"]] == [uris["b.txt"]]
    told = [m["params"]["item"] for m in messages if m.get("method") == "item/completed"]
    patches = [(item["status"], [Path(c["path"]).name for c in item["changes"]]) for item in told if "changes" in item]
    assert patches == [("declined", ["a.txt"]), ("completed", ["b.txt"])]
    assert {(home.workspace / name).read_text() for name in uris} == {"saved\n"}
