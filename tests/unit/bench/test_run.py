"""The benchmark runs and prints its table; what the figures are is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "run.py"


@pytest.mark.timeout(120)  # it starts a server for each measurement
def test_quick_prints_the_table() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--quick"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split("|")[1].strip() == "figure"
    figures = {line.split("|")[1].strip(): float(line.split("|")[2].split()[0]) for line in lines[2:]}
    assert figures["200 deltas in one turn, notifications"] == 200
    assert figures["4 threads x 10 deltas, notifications"] == 40
    assert figures["thread/resume of 20 items, items"] == 20
    assert figures["thread/turns/list of 20 items, items"] == 20
    assert figures["paging through 150 threads, threads"] == 150
    assert figures["spawn to initialize, cold home, ms"] > 0
