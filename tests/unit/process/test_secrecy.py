from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, subprocess, sys
from spindled.process.secrecy import hide_environment
if os.getuid() == 0:
    import ctypes
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # the change of user took it away
if "hide" in sys.argv:
    assert hide_environment()
look = subprocess.run(["cat", f"/proc/{os.getpid()}/environ"], capture_output=True)
print(b"KEY=sk-secret" in look.stdout)
"""


@pytest.mark.parametrize(("arguments", "seen"), [([], "True"), (["hide"], "False")])
def test_a_child_of_the_same_user_cannot_read_the_environment(tmp_path: Path, arguments: list[str], seen: str) -> None:
    """Run as another user than root, who reads everything; without hiding it is seen, so the test can fail."""
    source = "; ".join(f"sys.path.insert(0, {path!r})" for path in sys.path if path)
    command = [sys.executable, "-c", f"import sys; {source}\n{SCRIPT}", *arguments]
    variables = {"KEY": "sk-secret", "PATH": os.environ["PATH"]}
    result = subprocess.run(command, env=variables, cwd="/", capture_output=True, text=True, check=True)
    assert result.stdout.strip() == seen
