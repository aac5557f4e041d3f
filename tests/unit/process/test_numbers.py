from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spindled.process import numbers
from spindled.process.numbers import running, younger

Kernel = Callable[[int, int], None]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """`kernel(last, circle)`: the number given out last, and how many there are; 10, 20, 30 and 40 are alive."""

    def says(last: int, circle: int) -> None:
        (tmp_path / "ns_last_pid").write_text(f"{last}\n")
        (tmp_path / "pid_max").write_text(f"{circle}\n")

    numbers._circle.cache_clear()
    monkeypatch.setattr(numbers, "_KERNEL", tmp_path)
    monkeypatch.setattr(numbers, "running", lambda: [10, 20, 30, 40])
    yield says
    numbers._circle.cache_clear()


def test_a_child_is_younger_than_what_was_before() -> None:
    first, second = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    try:
        found = younger(first.pid, 0.1)
        assert second.pid in found
        assert os.getpid() not in found or os.getpid() > first.pid  # the circle began anew between us and the child
        assert {os.getpid(), first.pid, second.pid} <= set(running())
    finally:
        for child in (first, second):
            child.kill()
            child.wait()


def test_the_numbers_after_its_own(kernel: Kernel) -> None:
    kernel(40, 32768)
    assert younger(20, 0.1) == [30, 40]


def test_the_circle_begins_anew(kernel: Kernel) -> None:
    kernel(15, 32768)
    assert younger(30, 0.1) == [10, 40]


def test_nothing_began_since(kernel: Kernel) -> None:
    kernel(20, 32768)
    assert younger(20, 0.1) == []


def test_the_circle_may_have_been_gone_round(kernel: Kernel) -> None:
    kernel(20, 32768)
    assert younger(20, 1) == [10, 20, 30, 40]


@pytest.mark.parametrize("lost", ["ns_last_pid", "pid_max"])
def test_a_kernel_that_does_not_tell(kernel: Kernel, tmp_path: Path, lost: str) -> None:
    kernel(20, 32768)
    (tmp_path / lost).unlink()
    assert younger(20, 0.1) == [10, 20, 30, 40]
