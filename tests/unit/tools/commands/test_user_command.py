from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec

from spindled.tools.commands.user_command import ABORTED, TIME_IS_UP, UserCommand, run_for_user
from spindled_protocol.types import ReadOnlySandboxPolicy
from tests.support.processes import alive

RESULT = re.compile(
    r"<user_shell_command>\n<command>\n(.*)\n</command>\n<result>\nExit code: (-?\d+)\n"
    r"Duration: \d+\.\d{4} seconds\nOutput:\n(.*)\n</result>\n</user_shell_command>",
    re.DOTALL,
)


def parts(told: str) -> tuple[str, ...]:
    """The command, the exit code and the output."""
    match = RESULT.fullmatch(told)
    assert match, told
    return match.groups()


async def test_it_runs_in_the_shell_whatever_the_policy(context: Any) -> None:
    context.sandbox_policy = ReadOnlySandboxPolicy(networkAccess=False)
    context.approval_policy = "untrusted"
    told = await run_for_user(UserCommand("echo a; echo b >&2; pwd; touch made; exit 3", 60), context)
    assert parts(told) == ("echo a; echo b >&2; pwd; touch made; exit 3", "3", f"a\nb\n{context.cwd}\n")
    assert (context.cwd / "made").exists()
    assert context.asks == []
    started, completed = context.named("started")[0], context.named("completed")[0]
    assert (started["source"], started["processId"], started["status"]) == ("userShell", None, "inProgress")
    assert (completed["id"], completed["status"], completed["exitCode"]) == (started["id"], "failed", 3)
    assert completed["aggregatedOutput"] == context.deltas
    assert context.sessions.running() == []


async def test_its_time_is_limited(context: Any) -> None:
    told = await run_for_user(UserCommand("echo early; sleep 60", 0.5), context)
    assert parts(told)[2] == f"early\n\n{TIME_IS_UP}"
    assert context.named("completed")[0]["status"] == "failed"


async def test_when_it_is_stopped_it_is_told_all_the_same(context: Any) -> None:
    running = asyncio.ensure_future(run_for_user(UserCommand("sleep 60 & echo $$; wait", 60), context))
    await context.until(lambda: bool(context.deltas))
    group = int(context.deltas)
    running.cancel()
    assert parts(await running)[2] == f"{group}\n\n{ABORTED}"
    assert context.named("completed")[0]["status"] == "failed"
    assert not alive(group)


async def test_what_cannot_be_started(context: Any, tmp_path: Path) -> None:
    context.cwd = tmp_path / "gone"
    command, exit_code, output = parts(await run_for_user(UserCommand("true", 60), context))
    assert (command, exit_code) == ("true", "-1")
    assert output.startswith("The command could not be started")
    assert context.named("completed")[0]["exitCode"] == -1


async def test_long_output_is_cut_for_the_model_only(context: Any) -> None:
    context.tool_options = msgspec.structs.replace(context.tool_options, output_tokens=100)
    told = await run_for_user(UserCommand("seq 1 5000", 60), context)
    assert "tokens left out" in told
    assert len(told) < 1000
    assert len(context.named("completed")[0]["aggregatedOutput"]) > 20_000


async def test_it_ends_with_the_thread(context: Any) -> None:
    running = asyncio.ensure_future(run_for_user(UserCommand("trap '' TERM; echo $$; sleep 60", 60), context))
    await context.until(lambda: bool(context.deltas))
    await context.sessions.close()
    await running
    assert not alive(int(context.deltas))
