"""Starting a child: a session of its own, with pipes or a terminal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from spindled.process import pty, registry
from spindled.process.child import STDERR, STDOUT, Child, Output
from spindled.process.secrecy import hide_environment
from spindled.process.signals import pass_over_signals
from spindled.process.tree import MARK, Root, clock_ticks


def spawn(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    output: Output,
    stdin: bool = False,
    merge: bool = False,
    terminal: tuple[int, int] | None = None,
) -> Child:
    """Start `command` in a session of its own.

    `output(stream, data)` is called from the loop with what the child writes, from the first byte; `merge` gives
    stderr in stdout's order. `terminal` (rows, columns) gives it a controlling terminal instead of pipes. Without
    `stdin` its input is empty. Raises OSError when it cannot be started.
    """
    hide_environment()
    pass_over_signals()
    root = registry.new_root()
    root.started_at = clock_ticks()
    variables = {**environment, MARK: root.mark}
    if terminal:
        _require_executable(command[0], cwd, variables)
        return _spawn_terminal(command, cwd, variables, output, root, terminal)
    popen = subprocess.Popen(
        command,
        bufsize=0,
        cwd=cwd,
        env=variables,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge else subprocess.PIPE,
        start_new_session=True,
    )
    outputs = {_detached(popen.stdout): STDOUT}
    if not merge:
        outputs[_detached(popen.stderr)] = STDERR
    return _started(popen, root, output, _detached(popen.stdin) if stdin else None, outputs, None)


def _spawn_terminal(
    command: Sequence[str],
    cwd: Path,
    variables: Mapping[str, str],
    output: Output,
    root: Root,
    size: tuple[int, int],
) -> Child:
    master, slave = pty.open_pty(*size)
    try:
        popen = subprocess.Popen(
            pty.adopting(command, slave),
            cwd=cwd,
            env=variables,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    return _started(popen, root, output, master, {master: STDOUT}, master)


def _started(
    popen: subprocess.Popen[bytes],
    root: Root,
    output: Output,
    stdin: int | None,
    outputs: dict[int, int],
    terminal: int | None,
) -> Child:
    root.pid = popen.pid
    child = Child(popen, root, output)
    registry.add(child)
    child.start(stdin, outputs, terminal)
    return child


def _detached(pipe: IO[bytes] | None) -> int:
    """The descriptor of a Popen pipe, ours from here on."""
    assert pipe is not None
    descriptor = os.dup(pipe.fileno())
    pipe.close()
    return descriptor


def _require_executable(program: str, cwd: Path, variables: Mapping[str, str]) -> None:
    """Fail before the terminal's shell would: it could only say so in the output."""
    import shutil

    found = shutil.which(str(cwd / program) if "/" in program else program, path=variables.get("PATH"))
    if found is None:
        raise FileNotFoundError(2, os.strerror(2), program)
