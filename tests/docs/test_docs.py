"""The documents are true: what they show is run, or it says here why not."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from spindled.config.layers.load import ConfigLoader
from spindled.config.rules.rules import read_rules
from tests.docs.fences import DOCUMENTS, ROOT, Block, blocks, links
from tests.support.client import Client, agent_texts
from tests.support.home import Home
from tests.support.language import LanguageClient

# A block without a language is a picture; the others are checked below.
LANGUAGES = {"", "console", "python", "script", "sh", "starlark", "text", "toml"}

NOT_RUN = {
    "pip install .": "scripts/test installs the project in the same way before it runs this",
    "export OPENAI_API_KEY=...": "needs a key",
    "spindled app-server -c model=gpt-5.5": "needs a key",
    "python tests/bench/run.py --reference PATH": "needs a reference server; tests/unit/bench runs the rest",
}
DEMO = [
    sys.executable,
    "scripts/demo",
    "--daemon",
    f"{sys.executable} -m spindled app-server -c model_provider=scripted",
]
REPLACED = {"scripts/demo": DEMO}  # without the step that makes an environment

# What differs from run to run, in the order in which it is looked for.
VARIES = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"/\S*/workspace"), "WORKSPACE"),
    (re.compile(r"^   \$ .*app-server"), "   $ spindled app-server"),
    (re.compile(r"in \d+\.\d s"), "in N s"),
)


def lines(language: str) -> list[str]:
    return [line for block in blocks(language) for line in block.text.splitlines()]


def placed(language: str) -> list[object]:
    return [pytest.param(block, id=block.place) for block in blocks(language)]


def environment(home: Home) -> dict[str, str]:
    """What a user has who installed the project here and whose shell is bash, as in the documents."""
    paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return home.environment(PATH=paths, SHELL="/bin/bash")


async def output(command: list[str], home: Home, cwd: Path = ROOT) -> str:
    """What the command prints; it must succeed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment(home), stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{shlex.join(command)}: {process.returncode}\n{out.decode()}\n{err.decode()}"
    return out.decode()


def test_every_language_is_checked() -> None:
    assert {block.language for block in blocks()} <= LANGUAGES


def test_every_exception_is_still_needed() -> None:
    assert set(NOT_RUN) <= set(lines("sh"))
    assert {f"$ {command}" for command in REPLACED} <= set(lines("console"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    assert [target for target in links(path) if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("block", placed("python"))
async def test_python(block: Block, home: Home) -> None:
    file = home.workspace / "example.py"
    file.write_text(block.text)
    printed = await output([sys.executable, str(file)], home, home.workspace)
    shown = [other.text for other in blocks("text") if other.follows == block]
    assert shown == [printed]


def test_text_is_the_output_of_a_program() -> None:
    assert [text.place for text in blocks("text") if text.follows is None or text.follows.language != "python"] == []


@pytest.mark.parametrize("block", placed("console"))
async def test_console(block: Block, home: Home) -> None:
    """Lines come in the order shown; `...` stands for any others, at the end of a line for any rest of it."""
    command, *shown = block.text.splitlines()
    assert command.startswith("$ ")
    words = REPLACED.get(command[2:], shlex.split(command[2:]))
    cwd = home.workspace if words[0] == "spindled" else ROOT
    printed = [steady(line) for line in (await output(words, home, cwd)).splitlines() if line]
    place, skip = 0, False
    for line in map(steady, shown):
        if line == "...":
            skip = True
            continue
        until = len(printed) if skip or not place else place + 1
        found = [i for i in range(place, until) if same(line, printed[i])]
        assert found, f"not printed there: {line}\n" + "\n".join(printed[place:])
        place, skip = found[0] + 1, False
    assert skip or place == len(printed), f"printed and not shown: {printed[place:]}"


def steady(line: str) -> str:
    for pattern, instead in VARIES:
        line = pattern.sub(instead, line)
    return line.rstrip()


def same(shown: str, printed: str) -> bool:
    return printed.startswith(shown[:-4]) if shown.endswith(" ...") else printed == shown


@pytest.mark.parametrize("block", placed("toml"))
def test_toml(block: Block, home: Home) -> None:
    (home.path / "config.toml").write_text(block.text)
    config = ConfigLoader(home.path, strict=True, environ={}).load(home.workspace)
    assert config.warnings == ()
    assert config.model


@pytest.mark.parametrize("block", placed("starlark"))
def test_rules(block: Block, home: Home) -> None:
    (home.path / "rules").mkdir()
    (home.path / "rules" / "default.rules").write_text(block.text)
    rules = read_rules(home.path)
    assert rules.problems == ()
    assert len(rules.rules) == len(block.text.splitlines())


@pytest.mark.parametrize("block", placed("script"))
async def test_script(block: Block, home: Home, scripted: Client) -> None:
    cwd = str(home.workspace)
    thread = await scripted.start_thread(cwd=cwd, approvalPolicy="never", sandbox="danger-full-access")
    messages = await scripted.run_turn(thread["id"], block.text)
    assert messages[-1]["params"]["turn"]["status"] == "completed"
    said = [line.removeprefix("say ") for line in block.text.splitlines() if line.startswith("say ")]
    assert agent_texts(messages) == said


@pytest.mark.parametrize("block", placed("sh"))
async def test_sh(block: Block, home: Home) -> None:
    for command in block.text.splitlines():
        if command not in NOT_RUN:
            await starts_and_stops(command, home)


async def starts_and_stops(command: str, home: Home) -> None:
    """What serves until it is told to stop: it greets a client, or says where it listens."""
    words = shlex.split(command)
    if "lsp" in words:
        async with await LanguageClient.start(words, env=environment(home), cwd=home.workspace) as editor:
            await editor.language()
            assert await editor.close() == 0
        return
    if "app-server" in words:
        async with await Client.start(words, env=environment(home), cwd=home.workspace) as client:
            await client.initialize()
            assert await client.close() == 0
        return
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, env=environment(home), stdout=pipe)
    try:
        assert process.stdout is not None
        assert b"http://127.0.0.1:" in await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
