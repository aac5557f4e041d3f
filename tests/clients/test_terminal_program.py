"""`@openai/codex` from npm: the reference's own terminal program, in a terminal, with our daemon over a socket."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from tests.clients.registry import from_npm
from tests.clients.terminal import Terminal
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, Reply, Request, stream
from tests.support.home import Home, daemon_command
from tests.support.sockets import Daemon

TITLE = stream(message('{"title": "A title"}'))


@pytest.fixture(scope="module")
def program() -> Path:
    """The binary within the package: its wrapper of node is only a way to find it."""
    system = "linux-x64" if platform.machine() == "x86_64" else "linux-arm64"
    folder = from_npm("codex", "@openai/codex@0.169.0", optional=True)
    (binary,) = (folder / "node_modules" / "@openai" / f"codex-{system}" / "vendor").glob("*/bin/codex")
    return binary


def titles_apart(request: Request) -> Reply | None:
    """The program has a second thread find a title, at any time; those requests take no reply of the script."""
    return TITLE if request.method == "POST" and "format" in request.json.get("text", {}) else None


@pytest.mark.parametrize("address", ["ws://127.0.0.1:0", "unix://{home}/daemon.sock"])
async def test_a_conversation(program: Path, home: Home, provider: FakeProvider, address: str) -> None:
    provider.choose = titles_apart
    home.write_config(provider.base_url, approval_policy="untrusted", sandbox_mode="read-only")
    provider.script(
        stream(message("Good day to you.")),
        stream(function_call("exec_command", {"cmd": "touch accepted.txt"})),
        stream(message("The file is there.")),
        stream(function_call("exec_command", {"cmd": "touch declined.txt"})),
        stream(message(deltas=["An endless\n", "story"], hold_after=(1, "for ever"))),
        stream(message("Back again.")),
    )
    command = daemon_command("--listen", address.format(home=home.path))
    client_home = home.workspace.parent / "client"
    client_home.mkdir()
    env = home.environment(CODEX_HOME=str(client_home))
    async with await Daemon.start(command, env=home.environment(), cwd=home.workspace) as daemon:
        remote = [program, "--remote", daemon.address, "--no-alt-screen"]
        async with await Terminal.start(remote, env, home.workspace) as terminal:
            await terminal.shows("Ask Codex to do anything")
            await say(terminal, "greet me")
            await terminal.shows("Good day to you.")
            await say(terminal, "make a file")
            await terminal.shows("touch accepted.txt")
            await terminal.shows("Yes, proceed")
            terminal.type("y")
            await terminal.shows("The file is there.")
            await say(terminal, "make another")
            await terminal.shows("touch declined.txt")
            await terminal.shows("Yes, proceed")
            terminal.type("\x1b")
            await terminal.shows("interrupted")
            await say(terminal, "tell me a story")
            await terminal.shows("An endless")
            terminal.type("\x1b")
            await provider.requests[-1].gone.wait()
            await say(terminal, "/quit")
            assert await terminal.ends() == 0
        resume = [program, "resume", "--last", "--remote", daemon.address, "--no-alt-screen"]
        async with await Terminal.start(resume, env, home.workspace) as terminal:
            await terminal.shows("The file is there.")
            await terminal.shows("Ask Codex to do anything")
            await say(terminal, "are you there")
            await terminal.shows("Back again.")
    assert sorted(path.name for path in home.workspace.iterdir()) == ["accepted.txt"]


async def say(terminal: Terminal, text: str) -> None:
    """Type it, see it, send it: the program takes a fast Enter for a pasted line."""
    await terminal.shows("Ask Codex to do anything")
    terminal.type(text)
    await terminal.shows(f"› {text}")
    terminal.type("\r")
