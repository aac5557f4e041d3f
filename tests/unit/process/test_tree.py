from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spindled.process.registry import kill_all
from spindled.process.tree import Root, clock_ticks, terminate

Run = Callable[..., Any]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def pids(recorded: Any, count: int) -> list[int]:
    while len(found := [int(word) for word in recorded.text().split()]) < count:  # noqa: ASYNC110 - the kernel has no event for it
        await asyncio.sleep(0.005)
    return found


FAMILY = """
echo $$
sleep 60 & echo $!
(sleep 60 & echo $!)
setsid bash -c 'echo $$; sleep 60 & echo $!; wait' &
(setsid bash -c 'echo $$; exec sleep 60' &)
wait
"""


async def test_kill_ends_the_group_its_sessions_and_its_orphans(run: Run) -> None:
    recorded = run(FAMILY)
    family = await pids(recorded, 6)
    assert all(map(alive, family))
    await recorded.child.kill()
    assert not any(map(alive, family))
    assert recorded.child.finished


async def test_kill_ends_what_a_finished_child_left(run: Run) -> None:
    recorded = run(FAMILY.replace("wait\n", "sleep 0.1\nexit 0\n"))
    family = await pids(recorded, 6)
    await recorded.child.wait()
    await recorded.child.kill()
    assert not any(map(alive, family))


async def test_an_orphan_without_environment_is_found_by_its_session(run: Run) -> None:
    recorded = run("env -i sleep 60 >/dev/null 2>&1 & echo $!; exit 0")
    (pid,) = await pids(recorded, 1)
    await recorded.child.wait()
    await recorded.child.kill(0)
    assert not alive(pid)


async def test_kill_without_pidfds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    recorded = run(FAMILY)
    family = await pids(recorded, 6)
    await recorded.child.kill()
    assert not any(map(alive, family))


async def test_what_ignores_the_request_is_killed(run: Run) -> None:
    recorded = run("trap '' TERM; (trap '' TERM; echo $BASHPID; while :; do sleep 0.01; done) & wait")
    (pid,) = await pids(recorded, 1)
    await recorded.child.kill(0.02)
    assert not alive(pid)


async def test_the_request_lets_a_child_clean_up(run: Run, tmp_path: Path) -> None:
    recorded = run("trap 'echo clean > cleaned; exit' TERM; echo $$; while :; do sleep 0.01; done")
    await pids(recorded, 1)
    await recorded.child.kill(5)
    assert (tmp_path / "cleaned").exists()


async def test_a_stopped_child_is_killed(run: Run) -> None:
    recorded = run("echo $$; kill -STOP $$")
    (pid,) = await pids(recorded, 1)
    await recorded.child.kill(0.02)
    assert not alive(pid)


async def test_kill_all_leaves_nothing(run: Run) -> None:
    families = [await pids(run(FAMILY), 6) for _ in range(3)]
    left = run("setsid sleep 60 >/dev/null 2>&1 & echo $!; exit 0")
    await left.child.wait()
    await kill_all()
    assert not any(alive(pid) for family in families for pid in family)
    assert not any(map(alive, await pids(left, 1)))


async def test_kill_all_runs_to_its_end_when_its_caller_is_cancelled(run: Run) -> None:
    stubborn = run("trap '' TERM; sleep 60 & echo $! $$; wait")
    found = await pids(stubborn, 2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await kill_all(0.1)
    assert not any(map(alive, found))


async def test_a_reused_number_is_not_ours() -> None:
    """A session that began after our child was reaped has its number by chance."""
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        root = Root(mark="none", pid=stranger.pid, started_at=0, ended_at=clock_ticks() - 1000)
        await terminate([root], 0)
        assert stranger.poll() is None
        root = Root(mark="none", pid=stranger.pid, started_at=0)
        await terminate([root], 0)
        assert stranger.wait() == -signal.SIGKILL
    finally:
        stranger.kill()
        stranger.wait()


async def test_the_daemon_itself_is_spared() -> None:
    await terminate([Root(mark="none", pid=os.getsid(0), started_at=0, ended_at=0)], 0)
