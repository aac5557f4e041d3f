"""The start of the language server against that of another one in Python; both share what else the machine does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "language.py"
BOUND = "1.3"


@pytest.mark.timeout(120)
def test_the_answer_to_initialize_comes_in_time() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--runs", "5", "--bound", BOUND], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("ratio")
