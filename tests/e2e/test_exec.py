"""`spindled exec` as a process: what it prints, what it asks the model, and its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.support.fake_items import custom_tool_call, function_call, message, reasoning
from tests.support.fake_provider import End, FakeProvider, answer, stream
from tests.support.home import Home
from tests.support.processes import alive
from tests.support.samples import PIXEL

pytestmark = pytest.mark.timeout(60)


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def items(self) -> list[dict[str, Any]]:
        return [event["item"] for event in self.events if event["type"] == "item.completed"]


Run = Callable[..., Awaitable[Ran]]


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as fake:
        yield fake


@pytest.fixture
def run(home: Home, provider: FakeProvider) -> Run:
    home.write_config(provider.base_url)

    async def run(*arguments: str, stdin: str = "", **env: str) -> Ran:
        process = await start(home, *arguments, **env)
        out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    return run


async def start(home: Home, *arguments: str, **env: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "spindled", "exec", *arguments),
        cwd=home.workspace,
        env=home.environment(**env),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    )


def user_texts(request: Any) -> list[str]:
    content = [item["content"] for item in request.json["input"] if item.get("role") == "user"][-1]
    return [part["text"] for part in content if part["type"] == "input_text"]


async def test_lines_for_programs(home: Home, provider: FakeProvider, run: Run) -> None:
    patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch\n"
    provider.script(
        stream(reasoning(["think"]), function_call("exec_command", {"cmd": "echo hi; exit 3"})),
        stream(custom_tool_call("apply_patch", patch)),
        stream(message("all done")),
    )
    ran = await run("--json", stdin="do it\n")
    assert ran.code == 0, ran.err
    kinds = [event["type"] for event in ran.events]
    assert kinds[:2] == ["thread.started", "turn.started"]
    assert kinds[2:] == [
        "item.completed",
        *("item.started", "item.completed") * 2,
        "item.completed",
        "turn.completed",
    ]
    assert [item["type"] for item in ran.items] == ["reasoning", "command_execution", "file_change", "agent_message"]
    assert ran.items[1]["exit_code"] == 3
    assert ran.items[1]["aggregated_output"] == "hi\n"
    assert ran.items[2]["changes"] == [{"path": str(home.workspace / "a.txt"), "kind": "add"}]
    assert ran.events[-1]["usage"]["input_tokens"] == 300
    assert (home.workspace / "a.txt").read_text() == "hello\n"
    assert user_texts(provider.requests[0]) == ["do it\n"]
    assert provider.requests[0].headers["originator"] == "codex_exec"


async def test_resume(provider: FakeProvider, run: Run) -> None:
    first = await run("--json", "one")
    thread_id = first.events[0]["thread_id"]
    second = await run("--json", "resume", thread_id, stdin="two")
    third = await run("--json", "resume", "--last", "three", "-m", "gpt-5.4")
    assert [ran.events[0]["thread_id"] for ran in (second, third)] == [thread_id] * 2
    asked = [request for request in provider.requests if request.method == "POST"][-1]
    assert len([item for item in asked.json["input"] if item.get("role") == "assistant"]) == 2
    assert user_texts(asked) == ["three"]
    assert asked.json["model"] == "gpt-5.4"
    nobody = await run("resume", "01900000-0000-7000-8000-000000000000", "x")
    assert nobody.code == 1
    assert "no rollout found for thread id 01900000-0000-7000-8000-000000000000" in nobody.err


async def test_text_for_people(home: Home, provider: FakeProvider, run: Run) -> None:
    provider.script(stream(function_call("exec_command", {"cmd": "echo hi"})), stream(message("all done")))
    ran = await run("say", "-o", "last.txt", stdin="more\n")
    assert (ran.code, ran.out) == (0, "all done\n")
    for part in ("say\n\n<stdin>\nmore\n</stdin>", "echo hi", "exited 0", "agent\nall done", "tokens used\n220"):
        assert part in ran.err
    assert (home.workspace / "last.txt").read_text() == "all done"


async def test_a_turn_that_fails(provider: FakeProvider, run: Run) -> None:
    provider.default = answer(400, {"error": {"message": "bad thing", "type": "invalid_request_error"}})
    ran = await run("--json", "x")
    assert ran.code == 1
    assert ran.events[-1] == {"type": "turn.failed", "error": {"message": "bad thing"}}
    told = await run("x")
    assert (told.code, told.out) == (1, "")
    assert told.err.count("ERROR: bad thing") == 1


async def test_a_schema_for_the_answer(home: Home, provider: FakeProvider, run: Run) -> None:
    """Row 3-32."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    (home.workspace / "schema.json").write_text(json.dumps(schema))
    provider.script(stream(message('{"a":"b"}')))
    ran = await run("--json", "--output-schema", "schema.json", "x")
    assert json.loads(ran.items[-1]["text"]) == {"a": "b"}
    assert provider.requests[-1].json["text"]["format"]["schema"] == schema


async def test_images(home: Home, provider: FakeProvider, run: Run) -> None:
    (home.workspace / "a.png").write_bytes(PIXEL)
    assert (await run("--json", "--image", "a.png", stdin="look")).code == 0
    content = provider.requests[-1].json["input"][-1]["content"]
    assert "input_image" in [part["type"] for part in content]


@pytest.mark.parametrize("policy", ["untrusted", "on-request", None])
async def test_nobody_is_asked(home: Home, provider: FakeProvider, run: Run, policy: str | None) -> None:
    home.write_config(provider.base_url, sandbox_mode="read-only", **({"approval_policy": policy} if policy else {}))
    call = function_call(
        "exec_command",
        {"cmd": "touch x.txt", "sandbox_permissions": "require_escalated", "justification": "please"},
    )
    provider.script(stream(call), stream(message("well")))
    ran = await run("--json", "--skip-git-repo-check", "x")
    assert ran.code == 0
    assert ran.items[-1]["text"] == "well"
    assert not (home.workspace / "x.txt").exists()


async def test_a_key_for_the_run(home: Home, provider: FakeProvider, run: Run) -> None:
    """It reaches the provider, and no command."""
    (home.path / "config.toml").unlink()
    provider.script(stream(function_call("exec_command", {"cmd": "env"})), stream(message("ok")))
    ran = await run(
        *("--json", "--skip-git-repo-check", "--yolo", "-c", f'openai_base_url="{provider.base_url}"', "x"),
        CODEX_API_KEY="sk-of-this-run",
        CODEX_INTERNAL_ORIGINATOR_OVERRIDE="a_kit",
    )
    assert ran.code == 0, ran.err
    asked = [request for request in provider.requests if request.path.endswith("/responses")]
    assert {request.headers["authorization"] for request in asked} == {"Bearer sk-of-this-run"}
    assert {request.headers["originator"] for request in asked} == {"a_kit"}
    output = next(item["aggregated_output"] for item in ran.items if item["type"] == "command_execution")
    assert "PATH=" in output
    assert "sk-of-this-run" not in output + ran.err
    kept = [path for path in home.path.rglob("*") if path.is_file() and b"sk-of-this-run" in path.read_bytes()]
    assert kept == []


async def test_a_place_that_nobody_trusts(home: Home, provider: FakeProvider, run: Run) -> None:
    text = (home.path / "config.toml").read_text().replace('trust_level = "trusted"', "")
    (home.path / "config.toml").write_text(text)
    ran = await run("x")
    assert ran.code == 1
    assert "Not inside a trusted directory and --skip-git-repo-check was not specified." in ran.err
    assert provider.requests == []
    assert (await run("--skip-git-repo-check", "x")).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 1, "No prompt provided via stdin."),
        (["--output-schema", "none.json", "x"], 1, "Failed to read output schema file none.json"),
        (["-C", "/nowhere", "x"], 1, "cannot work in /nowhere: No such file or directory"),
        (["-c", "model_provider=nobody", "x"], 1, "Model provider `nobody` not found"),
        (["resume", "--last"], 1, "No prompt provided via stdin."),
        (["resume", "--last", "x"], 1, "There is no thread to resume of this folder."),
        (["--what"], 2, "unknown option '--what'"),
    ],
)
async def test_what_cannot_run(provider: FakeProvider, run: Run, arguments: list[str], code: int, text: str) -> None:
    ran = await run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert text in ran.err
    assert provider.requests == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_turn_and_its_commands(
    home: Home, provider: FakeProvider, run: Run, number: signal.Signals
) -> None:
    provider.script(stream(function_call("exec_command", {"cmd": "echo $$ > pid; sleep 1000"})))
    os.mkfifo(home.workspace / "pid")
    process = await start(home, "--json", "x")
    assert process.stdin is not None
    process.stdin.close()
    pid = int(await asyncio.to_thread((home.workspace / "pid").read_text))
    assert alive(pid)
    process.send_signal(number)
    out, _ = await process.communicate()
    assert process.returncode == 128 + number
    assert json.loads(out.splitlines()[-1])["type"] == "turn.failed"
    assert not alive(pid)


async def test_a_signal_while_the_model_says_nothing(home: Home, provider: FakeProvider, run: Run) -> None:
    provider.script(stream(message("hello"), end=End.STALL, stop_after=2))
    process = await start(home, "x")
    assert process.stdin is not None
    process.stdin.close()
    await provider.wait_requests(1)
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
