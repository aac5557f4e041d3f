from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from spindled.tools.base import ToolError, Verdict
from spindled_protocol.types import ReadOnlySandboxPolicy, WorkspaceWriteSandboxPolicy


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_command_from_start_to_end(context: Any, tmp_path: Path) -> None:
    output = await context.call("exec_command", cmd="touch made.txt && echo made")
    assert "Process exited with code 0\nOriginal token count: 2\nOutput:\nmade\n" in output.content
    assert output.success
    (started,), (completed,) = context.named("started"), context.named("completed")
    assert started == {
        "type": "commandExecution",
        "id": "c1",
        "pluginId": None,
        "scriptPath": None,
        "command": "/bin/bash -lc 'touch made.txt && echo made'",
        "cwd": str(tmp_path),
        "processId": completed["processId"],
        "source": "unifiedExecStartup",
        "status": "inProgress",
        "commandActions": [{"type": "unknown", "command": "touch made.txt && echo made"}],
        "aggregatedOutput": None,
        "exitCode": None,
        "durationMs": None,
        "startedAtMs": started["startedAtMs"],
        "completedAtMs": None,
    }
    assert int(started["processId"]) >= 1000
    assert completed["status"] == "completed"
    assert completed["aggregatedOutput"] == "made\n"
    assert completed["exitCode"] == 0
    assert completed["completedAtMs"] >= started["startedAtMs"]
    assert (tmp_path / "made.txt").exists()


async def test_failure_and_empty_output(context: Any) -> None:
    output = await context.call("exec_command", cmd="exit 3")
    assert "Process exited with code 3" in output.content
    assert not output.success
    (completed,) = context.named("completed")
    assert (completed["status"], completed["exitCode"], completed["aggregatedOutput"]) == ("failed", 3, None)


async def test_death_by_signal(context: Any) -> None:
    output = await context.call("exec_command", cmd="kill -9 $$")
    assert "Process exited with code 137" in output.content


async def test_output_arrives_while_the_command_runs(context: Any) -> None:
    task = asyncio.ensure_future(context.call("exec_command", cmd="echo early; sleep 60"))
    await context.until(lambda: context.deltas == "early\n" or task.done())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_characters_cut_across_reads_stay_whole(context: Any) -> None:
    await context.call("exec_command", cmd=r"sleep 0.3; printf '\xe2\x82'; sleep 0.05; printf '\xac!'")
    assert context.deltas == "€!"
    assert context.named("completed")[0]["aggregatedOutput"] == "€!"


async def test_ten_megabytes_stay_bounded(context: Any) -> None:
    output = await context.call("exec_command", cmd="yes 0123456789 | head -c 10000000", max_output_tokens=100)
    assert "Original token count: 2500000" in output.content
    assert "tokens left out" in output.content
    assert len(output.content) < 1000
    assert len(context.deltas) < 1_100_000
    assert context.deltas.endswith("[... no more live output of this command ...]\n")
    (completed,) = context.named("completed")
    assert len(completed["aggregatedOutput"]) < 1_100_000
    assert "bytes left out" in completed["aggregatedOutput"]


async def test_a_session_goes_on_and_completes_by_itself(context: Any) -> None:
    output = await context.call("exec_command", cmd="echo a; read x; echo got $x; exit 4", tty=True, yield_time_ms=250)
    (started,) = context.named("started")
    assert f"Process running with session ID {started['processId']}" in output.content
    assert "a" in output.content
    assert not context.named("completed")
    session = int(started["processId"])
    answer = await context.call("write_stdin", call_id="c2", session_id=session, chars="hi\n", yield_time_ms=5000)
    assert "Process exited with code 4" in answer.content
    assert "got hi" in answer.content
    assert ("input", "c1", str(session), "hi\n") in context.events
    (completed,) = context.named("completed")
    assert (completed["status"], completed["exitCode"]) == ("failed", 4)
    with pytest.raises(ToolError, match="no session"):
        await context.call("write_stdin", session_id=session)


async def test_a_finished_session_is_told_once(context: Any) -> None:
    await context.call("exec_command", cmd="sleep 0.3; echo late", yield_time_ms=250)
    await context.until(lambda: bool(context.named("completed")))
    session = int(context.named("started")[0]["processId"])
    answer = await context.call("write_stdin", session_id=session)
    assert "late" in answer.content
    assert "code 0" in answer.content


async def test_input_without_a_terminal(context: Any) -> None:
    await context.call(
        "exec_command", cmd="trap 'echo stopped; exit' INT; while :; do sleep 0.01; done", yield_time_ms=250
    )
    session = int(context.named("started")[0]["processId"])
    with pytest.raises(ToolError, match="tty"):
        await context.call("write_stdin", session_id=session, chars="x")
    answer = await context.call("write_stdin", session_id=session, chars="\x03", yield_time_ms=30000)
    assert "stopped" in answer.content


async def test_a_background_process_does_not_hold_up_the_answer(context: Any) -> None:
    output = await context.call("exec_command", cmd="sleep 60 & echo $!", yield_time_ms=30000)
    assert "code 0" in output.content
    pid = int(context.named("completed")[0]["aggregatedOutput"])
    assert alive(pid)
    await context.sessions.close()
    assert not alive(pid)


async def test_an_interrupt_kills_the_whole_family(context: Any) -> None:
    script = "echo $$; sleep 60 & echo $!; setsid sleep 60 & echo $!; (setsid sleep 60 & echo $!); sleep 60"
    task = asyncio.ensure_future(context.call("exec_command", cmd=script))
    await context.until(lambda: context.deltas.count("\n") == 4)
    family = [int(line) for line in context.deltas.split()]
    assert all(map(alive, family))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(map(alive, family))
    (completed,) = context.named("completed")
    assert completed["status"] == "failed"
    assert completed["aggregatedOutput"] == context.deltas


async def test_a_cancelled_look_leaves_the_command_running(context: Any) -> None:
    await context.call("exec_command", cmd="sleep 60", yield_time_ms=250)
    session = int(context.named("started")[0]["processId"])
    task = asyncio.ensure_future(context.call("write_stdin", session_id=session))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [each.number for each in context.sessions.running()] == [session]
    assert await context.sessions.terminate(str(session))
    assert not await context.sessions.terminate(str(session))
    assert context.named("completed")[0]["exitCode"] == 143


async def test_parallel_commands(context: Any) -> None:
    calls = [context.call("exec_command", call_id=f"c{n}", cmd=f"echo {n}") for n in range(8)]
    outputs = await asyncio.gather(*calls)
    assert [output.content.splitlines()[-1] for output in outputs] == [str(n) for n in range(8)]


async def test_what_cannot_start(context: Any) -> None:
    with pytest.raises(ToolError, match="could not be started"):
        await context.call("exec_command", cmd="ls", workdir="missing")
    (started,), (completed,) = context.named("started"), context.named("completed")
    assert started["processId"] is None
    assert (completed["status"], completed["exitCode"]) == ("failed", -1)


async def test_the_environment_of_a_command(context: Any) -> None:
    await context.call("exec_command", cmd="env", login=False)
    (completed,) = context.named("completed")
    variables = dict(line.split("=", 1) for line in completed["aggregatedOutput"].splitlines())
    assert "PROVIDER_KEY" not in variables
    assert variables["PAGER"] == "cat"
    assert variables["SPINDLED_THREAD_ID"] == "thread"


async def test_a_shell_that_does_not_exist_is_replaced(context: Any) -> None:
    await context.call("exec_command", cmd="true", shell="/no/such/shell", login=False)
    assert context.named("started")[0]["command"] == "/bin/bash -c true"


async def test_asking_first(context: Any, tmp_path: Path) -> None:
    context.approval_policy = "untrusted"
    await context.call("exec_command", cmd="touch made.txt && echo made")
    (ask,) = context.asks
    assert ask.amendment == ["touch", "made.txt"]
    assert ask.reason is None
    (started,) = context.named("started")  # by the agent, none by the tool
    assert (started["processId"], started["source"]) == (None, "agent")
    (completed,) = context.named("completed")
    assert (completed["source"], completed["status"]) == ("unifiedExecStartup", "completed")
    assert completed["startedAtMs"] == started["startedAtMs"]


@pytest.mark.parametrize("verdict", [Verdict.DECLINED, Verdict.CANCELLED])
async def test_what_is_declined_does_not_run(context: Any, tmp_path: Path, verdict: Verdict) -> None:
    context.approval_policy, context.answer = "untrusted", verdict
    with pytest.raises(ToolError, match="rejected"):
        await context.call("exec_command", cmd="touch made.txt")
    (completed,) = context.named("completed")
    assert (completed["status"], completed["processId"], completed["source"]) == ("declined", None, "agent")
    assert not (tmp_path / "made.txt").exists()


async def test_an_interrupt_while_asking(context: Any, tmp_path: Path) -> None:
    async def never(_: Any) -> Verdict:
        await asyncio.Event().wait()
        raise AssertionError

    context.approval_policy, context.answer = "untrusted", never
    task = asyncio.ensure_future(context.call("exec_command", cmd="touch made.txt"))
    await context.until(lambda: bool(context.asks))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert context.named("completed")[0]["status"] == "declined"
    assert not (tmp_path / "made.txt").exists()


async def test_a_session_grant_covers_the_same_command_in_the_same_folder(context: Any, tmp_path: Path) -> None:
    context.approval_policy = "untrusted"
    await context.call("exec_command", cmd="echo x")
    context.grant(context.asks[0].grant)
    await context.call("exec_command", cmd="echo x")
    assert len(context.asks) == 1
    await context.call("exec_command", cmd="echo x", workdir="/")
    await context.call("exec_command", cmd="echo y")
    assert len(context.asks) == 3


@pytest.mark.parametrize("policy", [ReadOnlySandboxPolicy(), WorkspaceWriteSandboxPolicy()])
async def test_without_a_sandbox_a_limited_command_is_asked_about_or_refused(
    context: Any, tmp_path: Path, policy: Any
) -> None:
    context.sandbox_policy = policy
    await context.call("exec_command", cmd="touch made.txt")
    assert "sandbox" in context.asks[0].reason
    context.approval_policy = "never"
    with pytest.raises(ToolError, match="sandbox"):
        await context.call("exec_command", cmd="touch other.txt")
    assert not (tmp_path / "other.txt").exists()
    assert len(context.named("started")) == 1


async def test_an_escalation_shows_its_question(context: Any) -> None:
    context.sandbox_policy = WorkspaceWriteSandboxPolicy()
    escalated = {"sandbox_permissions": "require_escalated", "justification": "May I?"}
    await context.call("exec_command", cmd="echo out > /dev/null", **escalated)
    assert context.asks[0].reason == "May I?"
    assert context.asks[0].amendment == ["/bin/bash", "-lc", "echo out > /dev/null"]
    await context.call("exec_command", cmd="echo a b c", prefix_rule=["echo", "a"], **escalated)
    assert context.asks[1].amendment == ["echo", "a"]


async def test_a_patch_through_the_shell(context: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.txt").write_text("old\nkeep\n")
    patch = "*** Begin Patch\n*** Update File: a.txt\n@@\n-old\n+new\n*** End Patch"
    output = await context.call("exec_command", cmd=f"cd d && apply_patch <<'EOF'\n{patch}\nEOF")
    assert output.success
    assert (tmp_path / "d/a.txt").read_text() == "new\nkeep\n"
    (started,) = context.named("started")
    assert (started["type"], started["id"]) == ("fileChange", "c1")


@pytest.mark.parametrize("arguments", [{}, {"cmd": 5}, {"cmd": "x", "yield_time_ms": "soon"}])
async def test_bad_arguments_name_the_field(context: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match=r"cmd|yield_time_ms"):
        await context.call("exec_command", **arguments)
    assert not context.events


async def test_close_ends_everything_and_starts_nothing_more(context: Any) -> None:
    await context.call("exec_command", cmd="sleep 60", yield_time_ms=250)
    await context.sessions.close()
    assert context.named("completed")[0]["status"] == "failed"
    with pytest.raises(ToolError, match="closed"):
        await context.call("exec_command", cmd="true")
