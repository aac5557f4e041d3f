from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spindled.store.errors import ActiveWriter, StoreError
from spindled.store.locks import WriterLock

_HOLD = """
import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_excludes_a_second_writer_until_released(tmp_path: Path) -> None:
    first = WriterLock(tmp_path / "locks", "t")
    with pytest.raises(ActiveWriter, match=r"^thread t already has an active writer$"):
        WriterLock(tmp_path / "locks", "t")
    first.release()
    first.release()
    assert not (tmp_path / "locks" / "t.lock").exists()
    with WriterLock(tmp_path / "locks", "t"):
        pass


def test_excludes_another_process_and_survives_its_death(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path / "t.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ActiveWriter):
            WriterLock(tmp_path, "t")
        holder.kill()
    WriterLock(tmp_path, "t").release()


def test_says_where_a_lock_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as error:
        WriterLock(tmp_path / "file" / "locks", "t")
    assert error.value.path == tmp_path / "file" / "locks" / "t.lock"
