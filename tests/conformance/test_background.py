"""`spindled app-server daemon` and `proxy`: a server in the background, and ways to it."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import unix_connect

from tests.conftest import Listen
from tests.support.client import PATIENCE, Client, agent_texts
from tests.support.home import Home, daemon_command
from tests.support.schema import checker

SOCKET = Path("app-server-control") / "app-server-control.sock"

Manage = Callable[..., Awaitable[tuple[int, Any]]]


@pytest_asyncio.fixture
async def manage(home: Home, short_path: Path) -> AsyncIterator[Manage]:
    """`await manage("start", ...)`: the exit code, and the outcome or what was said on stderr."""

    async def run(*words: str) -> tuple[int, Any]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *daemon_command("daemon", *words),
            env=home.environment(SPINDLED_HOME=str(short_path)),
            cwd=home.workspace,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )
        async with asyncio.timeout(2 * PATIENCE):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, json.loads(out) if process.returncode == 0 else err.decode()

    yield run
    code, outcome = await run("stop")
    assert code == 0, outcome


async def proxied(home: Home, *arguments: str, home_path: Path | None = None) -> Client:
    env = home.environment(**({"SPINDLED_HOME": str(home_path)} if home_path else {}))
    return await Client.start(daemon_command("proxy", *arguments), env=env, cwd=home.workspace, check=checker())


async def test_it_starts_once_and_is_where_clients_look(manage: Manage, short_path: Path, home: Home) -> None:
    assert (await manage("status"))[1]["status"] == "notRunning"
    assert (await manage("version"))[0] == 1
    starting = [manage("start", "-c", "model_provider=scripted", "-c", 'a.b=["x"]') for _ in range(2)]
    outcomes = [outcome for _, outcome in await asyncio.gather(*starting)]
    assert sorted(outcome["status"] for outcome in outcomes) == ["alreadyRunning", "started"]
    assert outcomes[0]["pid"] == outcomes[1]["pid"]
    assert outcomes[0]["socketPath"] == str(short_path / SOCKET)
    _, told = await manage("version")
    assert told["status"] == "running"
    assert told["cliVersion"] == told["appServerVersion"]
    assert {stat.S_IMODE(file.lstat().st_mode) for file in (short_path / SOCKET).parent.iterdir()} == {0o600}

    client = await proxied(home, home_path=short_path)
    await client.initialize()
    thread = await client.start_thread()
    assert agent_texts(await client.run_turn(thread["id"], "say Hello.")) == ["Hello."]
    assert await client.close() == 0

    _, again = await manage("restart")
    assert again["status"] == "restarted"
    assert again["pid"] != told["pid"]
    assert (await manage("stop"))[1]["status"] == "stopped"
    assert (await manage("stop"))[1]["status"] == "notRunning"
    assert not (short_path / SOCKET).exists()


async def test_what_it_did_not_start_it_does_not_stop(manage: Manage, listen: Listen, short_path: Path) -> None:
    daemon = await listen("unix://", env={"SPINDLED_HOME": str(short_path)})
    code, text = await manage("stop")
    assert code == 1
    assert "was not started by" in text
    assert (await manage("start"))[1]["status"] == "alreadyRunning"
    await (await daemon.connect()).initialize()
    await daemon.stop()


async def test_why_it_does_not_start_is_told(manage: Manage, short_path: Path) -> None:
    (short_path / SOCKET).parent.mkdir(mode=0o700)
    (short_path / SOCKET).write_text("mine")
    code, text = await manage("start")
    assert code == 1
    assert "app-server.log" in text
    assert "not a socket" in (short_path / SOCKET).with_name("app-server.log").read_text()


async def test_a_client_of_lines_shares_the_daemon(listen: Listen, home: Home) -> None:
    daemon = await listen("unix")
    other = await daemon.connect()
    await other.initialize()
    client = await proxied(home, "--sock", daemon.address.removeprefix("unix://"))
    await client.initialize()
    thread = await client.start_thread()
    text = "a 🧵 " + "x" * 200_000
    assert agent_texts(await client.run_turn(thread["id"], f"say {text}")) == [text]
    assert (await other.request("thread/loaded/list", {}))["data"] == [thread["id"]]
    last = client.post("thread/loaded/list", {})
    assert await client.close() == 0  # what was asked before the end of input is answered
    assert (await last)["result"]["data"] == [thread["id"]]
    await other.request("thread/loaded/list", {})


async def test_a_websocket_passes_through(listen: Listen, home: Home, short_path: Path) -> None:
    daemon = await listen("unix")
    command = daemon_command("proxy", "--sock", daemon.address.removeprefix("unix://"))

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client at the other end of a proxy, as over ssh."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=home.environment())
        assert process.stdin and process.stdout
        there = asyncio.create_task(copy(reader, process.stdin))
        await copy(process.stdout, writer)
        await there
        await process.wait()

    async with (
        await asyncio.start_unix_server(join, short_path / "far") as _,
        unix_connect(str(short_path / "far"), "ws://localhost/") as websocket,
    ):
        params = {"clientInfo": {"name": "far", "version": "1"}}
        await websocket.send(json.dumps({"id": 1, "method": "initialize", "params": params}))
        assert json.loads(await websocket.recv())["result"]["userAgent"].startswith("far/")


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(1 << 16):
        writer.write(chunk)
        await writer.drain()
    writer.close()


@pytest.mark.parametrize("path", ["/nowhere/at/all", sys.executable])
async def test_nobody_there(home: Home, path: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *daemon_command("proxy", "--sock", path),
        env=home.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert f"cannot connect to {path}" in said.decode()
