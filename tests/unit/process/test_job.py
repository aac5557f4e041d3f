from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from spindled.process import registry
from spindled.process.child import STDERR, STDOUT
from spindled.process.job import TIMED_OUT, Job, Output, Plan, Reader
from spindled.process.registry import kill_all
from tests.support.processes import alive

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def plan(script: str, tmp_path: Path, **options: Any) -> Plan:
    return Plan(["/bin/sh", "-c", script], tmp_path, ENVIRONMENT, **options)


@pytest_asyncio.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    yield
    await kill_all(0)


class Client:
    """A reader that can be slow."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, bytes, bool]] = []
        self.came = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()

    def take(self, stream: int, data: bytes, last: bool) -> None:
        self.taken.append((stream, data, last))
        self.came.set()

    async def ready(self) -> None:
        self.asked.set()
        await self.open.wait()

    @property
    def reader(self) -> Reader:
        return Reader(self.take, self.ready)


async def test_output_is_kept_apart(tmp_path: Path) -> None:
    job = Job(plan("echo out; echo err >&2; exit 3", tmp_path))
    assert await job.end() == 3
    assert (job.outputs[STDOUT].text, job.outputs[STDERR].text) == ("out\n", "err\n")
    assert not job.child.cut_off


@pytest.mark.parametrize(("cap", "kept", "capped"), [(2, b"ab", True), (3, b"abc", True), (4, b"abc", False)])
def test_a_cap_is_reached_with_its_last_byte(cap: int, kept: bytes, capped: bool) -> None:
    output = Output(cap, None)
    for byte in (b"a", b"bc"):
        output.add(byte)
    assert (bytes(output.kept), output.capped) == (kept, capped)


async def test_what_is_passed_on_is_not_kept_and_ends_with_the_cap(tmp_path: Path) -> None:
    client = Client()
    job = Job(plan("seq 1 100000", tmp_path, cap=10), client.reader)
    assert await job.end() == 0
    assert b"".join(data for _, data, _ in client.taken) == b"1\n2\n3\n4\n5\n"
    assert [last for _, _, last in client.taken][-1:] == [True]
    assert not job.outputs[STDOUT].kept


async def test_the_time_limit(tmp_path: Path) -> None:
    job = Job(plan("echo early; sleep 60", tmp_path, seconds=0.2))
    assert await job.end() == TIMED_OUT
    assert not alive(job.child.pid)


async def test_stopped_from_outside(tmp_path: Path) -> None:
    job = Job(plan("trap '' TERM; sleep 60 & sleep 60", tmp_path))
    job.stop()
    job.stop()
    assert await job.end() == 137
    assert job.ended.is_set()
    assert not alive(job.child.pid)


async def test_cancelled_it_leaves_nothing(tmp_path: Path) -> None:
    client = Client()
    job = Job(plan("sleep 60 & echo begun; wait", tmp_path), client.reader)
    ending = asyncio.ensure_future(job.end())
    await client.came.wait()
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert not alive(job.child.pid)
    assert job.child not in registry.running()


async def test_what_it_left_in_the_background_ends_with_it(tmp_path: Path) -> None:
    job = Job(plan("setsid sleep 60 & echo $! > pid; echo done", tmp_path))
    assert await job.end() == 0
    assert job.child.cut_off
    assert not alive(int((tmp_path / "pid").read_text()))


async def test_a_slow_reader_holds_the_command_up_and_loses_nothing(tmp_path: Path) -> None:
    client = Client()
    client.open.clear()
    job = Job(plan("head -c 4000000 /dev/zero; touch written", tmp_path), client.reader)
    ending = asyncio.ensure_future(job.end())
    await client.asked.wait()
    held = sum(len(data) for _, data, _ in client.taken)
    assert held < 1_000_000
    assert not (tmp_path / "written").exists()
    client.open.set()
    assert await ending == 0
    assert sum(len(data) for _, data, _ in client.taken) == 4_000_000


async def test_input_is_waited_for(tmp_path: Path) -> None:
    job = Job(plan("until [ -e go ]; do sleep 0.01; done; wc -c", tmp_path, stdin=True))
    job.child.write(b"x" * 2_000_000)
    taking = asyncio.ensure_future(job.child.taken())
    done, _ = await asyncio.wait([taking], timeout=0.05)
    assert not done
    (tmp_path / "go").touch()
    await taking
    job.child.close_stdin()
    assert await job.end() == 0
    assert job.outputs[STDOUT].text.strip() == "2000000"


async def test_whoever_waits_for_input_to_be_taken_hears_of_the_end(tmp_path: Path) -> None:
    job = Job(plan("sleep 60", tmp_path, stdin=True))
    job.child.write(b"x" * 2_000_000)
    taking = asyncio.ensure_future(job.child.taken())
    job.stop()
    await job.end()
    await taking


async def test_a_terminal_has_one_output_and_input(tmp_path: Path) -> None:
    client = Client()
    job = Job(plan("stty -echo; stty size; read line; echo got $line >&2", tmp_path, terminal=(5, 6)), client.reader)
    await client.came.wait()
    job.child.write(b"word\n")
    assert await job.end() == 0
    assert b"".join(data for _, data, _ in client.taken) == b"5 6\r\ngot word\r\n"
    assert {stream for stream, _, _ in client.taken} == {STDOUT}


async def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Job(Plan(["no-such-program"], tmp_path, ENVIRONMENT))
    with pytest.raises(ValueError):
        Job(Plan(["a\0b"], tmp_path, ENVIRONMENT))
