from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spindled.process.spawn import spawn

Run = Callable[..., Any]


async def until(condition: Callable[[], bool]) -> None:
    """Poll for what no event announces; the global timeout is the limit."""
    while not condition():  # noqa: ASYNC110 - the kernel has no event for it
        await asyncio.sleep(0.005)


async def test_output_streams_and_exit_code(run: Run) -> None:
    recorded = run("echo out; echo err >&2; exit 3")
    assert await recorded.child.wait() == 3
    assert recorded.text(1) == b"out\n"
    assert recorded.text(2) == b"err\n"
    assert recorded.child.exit_code == 3


async def test_merged_output_keeps_the_order(run: Run) -> None:
    recorded = run("for i in 1 2 3; do echo o$i; echo e$i >&2; done", merge=True)
    await recorded.child.wait()
    assert recorded.text() == b"o1\ne1\no2\ne2\no3\ne3\n"


async def test_a_signal_is_reported_as_a_shell_does(run: Run) -> None:
    recorded = run("kill -KILL $$")
    assert await recorded.child.wait() == -signal.SIGKILL
    assert recorded.child.exit_code == 137


async def test_the_first_byte_is_delivered_while_the_child_runs(run: Run) -> None:
    recorded = run("printf x; exec sleep 60")
    await until(lambda: recorded.text() == b"x")
    assert not recorded.child.finished


async def test_stdin_is_empty_unless_asked_for(run: Run) -> None:
    recorded = run("cat; echo end")
    await recorded.child.wait()
    assert recorded.text() == b"end\n"
    with pytest.raises(BrokenPipeError):
        recorded.child.write(b"x")


async def test_large_input_arrives_whole(run: Run) -> None:
    recorded = run("wc -c", stdin=True)
    recorded.child.write(b"x" * 3_000_000)
    recorded.child.close_stdin()
    await recorded.child.wait()
    assert recorded.text().strip() == b"3000000"


async def test_input_for_a_child_that_does_not_read_is_dropped_with_it(run: Run) -> None:
    recorded = run("exit 0", stdin=True)
    recorded.child.write(b"x" * 1_000_000)
    assert await recorded.child.wait() == 0
    assert recorded.child.unwritten == 0


async def test_a_background_process_on_the_pipe_does_not_hold_up_the_wait(run: Run) -> None:
    recorded = run("sleep 60 & echo $!; exit 5")
    assert await recorded.child.wait() == 5
    pid = int(recorded.text())
    os.kill(pid, 0)  # it lives on
    await recorded.child.kill(0)
    await until(lambda: not Path(f"/proc/{pid}").exists())


async def test_paused_output_waits_and_nothing_is_lost(run: Run) -> None:
    recorded = run("head -c 1000000 /dev/zero; exec sleep 0.05")
    recorded.child.pause()
    assert recorded.text() == b""
    recorded.child.resume()
    await recorded.child.wait()
    assert len(recorded.text()) == 1_000_000


async def test_what_cannot_be_started_raises(tmp_path: Path) -> None:
    for options in ({}, {"terminal": (24, 80)}):
        with pytest.raises(FileNotFoundError):
            spawn(["/no/such/program"], cwd=tmp_path, environment={}, output=lambda *_: None, **options)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        spawn(["/bin/true"], cwd=tmp_path / "missing", environment={}, output=lambda *_: None)


async def test_cancelling_a_wait_leaves_the_child_alone(run: Run) -> None:
    recorded = run("exec sleep 60")
    task = asyncio.ensure_future(recorded.child.wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not recorded.child.finished


async def test_kill_runs_to_its_end_when_its_caller_is_cancelled(run: Run) -> None:
    recorded = run("trap '' TERM; echo ready; while :; do sleep 0.01; done")
    await until(lambda: recorded.text() == b"ready\n")
    task = asyncio.ensure_future(recorded.child.kill(0.05))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorded.child.finished
    assert recorded.child.returncode == -signal.SIGKILL


async def test_terminal_session_with_cat(run: Run) -> None:
    recorded = run("tty; stty size; exec cat", terminal=(30, 100))
    await until(lambda: b"30 100" in recorded.text())
    assert recorded.text().startswith(b"/dev/pts/")
    recorded.child.write(b"hello\n")
    await until(lambda: recorded.text().count(b"hello") == 2)  # the echo and cat's copy
    recorded.child.close_stdin()
    assert await recorded.child.wait() == 0


async def test_the_terminal_is_the_controlling_one(run: Run) -> None:
    recorded = run("echo ready; sleep 60", terminal=(24, 80))
    await until(lambda: b"ready" in recorded.text())
    recorded.child.write(b"\x03")
    await recorded.child.wait()
    assert recorded.child.exit_code == 130


async def test_a_daemon_in_the_background_has_commands_that_can_be_ended(run: Run) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        recorded = run("echo ready; sleep 60", terminal=(24, 80))
        await until(lambda: b"ready" in recorded.text())
        recorded.child.write(b"\x03")
        await recorded.child.wait()
        assert recorded.child.exit_code == 130
        signal.raise_signal(signal.SIGINT)  # which it still ignores itself
    finally:
        signal.signal(signal.SIGINT, before)


async def test_resize_reaches_the_child(run: Run) -> None:
    recorded = run("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done", terminal=(24, 80))
    await until(lambda: b"ready" in recorded.text())
    recorded.child.resize(50, 120)
    await recorded.child.wait()
    assert b"50 120" in recorded.text()


async def test_resize_without_a_terminal(run: Run) -> None:
    with pytest.raises(OSError, match="no terminal"):
        run("exit 0").child.resize(1, 1)


async def test_interactive_python(run: Run) -> None:
    recorded = run(f"exec {sys.executable} -iq", terminal=(24, 80))
    await until(lambda: b">>> " in recorded.text())
    recorded.child.write(b"6 * 7\n")
    await until(lambda: b"42" in recorded.text())
    recorded.child.write(b"exit(9)\n")
    assert await recorded.child.wait() == 9


async def test_many_at_once(run: Run) -> None:
    children = [run(f"echo {number}") for number in range(30)]
    await asyncio.gather(*(each.child.wait() for each in children))
    assert [each.text() for each in children] == [b"%d\n" % number for number in range(30)]


async def test_no_descriptor_is_left(run: Run) -> None:
    await run("exit 0").child.wait()
    before = set(os.listdir("/proc/self/fd"))
    for options in ({}, {"stdin": True}, {"terminal": (24, 80)}, {"merge": True}):
        await run("echo x", **options).child.wait()
        await run("exec sleep 60", **options).child.kill(0)
    assert set(os.listdir("/proc/self/fd")) == before


async def test_exit_is_seen_without_pidfds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    recorded = run("echo x; exit 7")
    assert await recorded.child.wait() == 7
    assert recorded.text() == b"x\n"
