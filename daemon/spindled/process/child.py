"""One child: spawned in its own session, read through the event loop, awaited by pidfd."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from spindled.process import pty, registry
from spindled.process.tree import MARK, Root, clock_ticks, terminate

STDOUT = 1
STDERR = 2
DRAIN = 0.15  # seconds that output may still come after the exit, from processes left in the background
GRACE = 0.1
_READ = 64 * 1024

Output = Callable[[int, bytes], None]


class Child:
    """A running or finished child process. Made by `spawn`.

    `returncode` is None until the exit, then as in subprocess: negative for a signal. `wait` returns after the
    output was delivered to its end, at most DRAIN seconds after the exit.
    """

    def __init__(self, popen: subprocess.Popen[bytes], root: Root, output: Output) -> None:
        self.root = root
        self._popen = popen
        self._output = output
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[int] = self._loop.create_future()
        self._readers: dict[int, int] = {}  # descriptor -> STDOUT or STDERR
        self._stdin: int | None = None
        self._terminal: int | None = None
        self._unwritten: deque[bytes] = deque()
        self._stdin_ending = False
        self._drain: asyncio.TimerHandle | None = None
        self._exit_handle: int | None = None

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        return self._popen.returncode

    @property
    def exit_code(self) -> int | None:
        """The exit code as a shell reports it: 128 + n after signal n."""
        code = self._popen.returncode
        return 128 - code if code is not None and code < 0 else code

    @property
    def stdin_open(self) -> bool:
        return self._stdin is not None and not self._stdin_ending

    @property
    def finished(self) -> bool:
        return self._closed.done()

    def add_done_callback(self, callback: Callable[[], None]) -> None:
        """Call back once the child has exited and its output has ended."""
        self._closed.add_done_callback(lambda _: callback())

    async def wait(self) -> int:
        """The return code, once the output has ended too. Cancelling the wait leaves the child alone."""
        await asyncio.wait([self._closed])
        return self._closed.result()

    def write(self, data: bytes) -> None:
        """Queue input. Raises BrokenPipeError when stdin is closed or was not asked for."""
        if not self.stdin_open:
            raise BrokenPipeError("stdin is closed")
        if data:
            self._unwritten.append(data)
            self._flush()

    @property
    def unwritten(self) -> int:
        """Bytes of queued input that the child has not taken yet."""
        return sum(map(len, self._unwritten))

    def close_stdin(self) -> None:
        """End of input after what is queued; on a terminal, its end-of-file character."""
        if not self.stdin_open:
            return
        if self._terminal is not None:
            self.write(b"\x04")
        self._stdin_ending = True
        self._flush()

    def resize(self, rows: int, columns: int) -> None:
        """Raises OSError when the child has no terminal."""
        if self._terminal is None:
            raise OSError("the process has no terminal")
        pty.set_size(self._terminal, rows, columns)

    def pause(self) -> None:
        """Stop reading: the child blocks once its pipe is full."""
        for descriptor in self._readers:
            self._loop.remove_reader(descriptor)

    def resume(self) -> None:
        for descriptor in self._readers:
            self._loop.add_reader(descriptor, self._read, descriptor)

    def signal(self, number: int) -> None:
        """Signal the child's process group, if it still runs."""
        if self._popen.returncode is None:  # not reaped, so the number is still its own
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    async def kill(self, grace: float = GRACE) -> None:
        """End the child and everything that descends from it: SIGTERM, `grace` seconds, SIGKILL.

        Once begun it runs to its end even if the caller is cancelled.
        """
        ending = asyncio.ensure_future(self._end(grace))
        cancelled: asyncio.CancelledError | None = None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled:
            raise cancelled
        ending.result()

    async def _end(self, grace: float) -> None:
        await terminate([self.root], grace)
        if not self._closed.done():
            await asyncio.wait([self._closed], timeout=DRAIN)
        self.abandon()

    def abandon(self) -> None:
        """Close what is open without waiting; for a child that was just killed."""
        self._reap()
        if self._popen.returncode is not None:
            self._finish()

    # what follows runs on the loop's readiness callbacks

    def _start(self, stdin: int | None, outputs: dict[int, int], terminal: int | None) -> None:
        self._stdin, self._terminal, self._readers = stdin, terminal, outputs
        for descriptor in {*outputs, *([] if stdin is None else [stdin])}:
            os.set_blocking(descriptor, False)
        self.resume()
        try:
            self._exit_handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            threading.Thread(target=self._wait_in_thread, name="child-exit", daemon=True).start()
        else:
            self._loop.add_reader(self._exit_handle, self._exited)

    def _wait_in_thread(self) -> None:
        # Without pidfds: look at the exit but leave the zombie, so that the loop reaps and the pid stays ours.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._exited)

    def _exited(self) -> None:
        self._reap()
        if self._popen.returncode is None:
            return
        if self._readers:
            self._drain = self._loop.call_later(DRAIN, self._finish)
        else:
            self._finish()

    def _reap(self) -> None:
        if self._popen.returncode is None and self._popen.poll() is not None:
            self.root.ended_at = clock_ticks()
        if self._popen.returncode is not None and self._exit_handle is not None:
            self._loop.remove_reader(self._exit_handle)
            os.close(self._exit_handle)
            self._exit_handle = None

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _READ)
        except BlockingIOError:
            return
        except OSError:  # a terminal whose last user is gone reports EIO
            data = b""
        if data:
            self._output(self._readers[descriptor], data)
        else:
            self._ended(descriptor)

    def _ended(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        del self._readers[descriptor]
        if descriptor != self._terminal:
            os.close(descriptor)
        if not self._readers and self._popen.returncode is not None:
            self._finish()

    def _flush(self) -> None:
        if self._stdin is None:
            return
        try:
            while self._unwritten:
                written = os.write(self._stdin, self._unwritten[0])
                if written < len(self._unwritten[0]):
                    self._unwritten[0] = self._unwritten[0][written:]
                else:
                    self._unwritten.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._stdin, self._flush)
            return
        except OSError:  # the child closed its end
            self._unwritten.clear()
            self._stdin_ending = True
        self._loop.remove_writer(self._stdin)
        if self._stdin_ending:
            self._close_stdin()

    def _close_stdin(self) -> None:
        if self._stdin is not None:
            self._loop.remove_writer(self._stdin)
            if self._stdin != self._terminal:
                os.close(self._stdin)
            self._stdin = None

    def _finish(self) -> None:
        if self._closed.done():
            return
        if self._drain:
            self._drain.cancel()
        for descriptor in list(self._readers):
            self._read_rest(descriptor)
        self._unwritten.clear()
        self._close_stdin()
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None
        registry.ended(self)
        self._closed.set_result(self._popen.returncode)

    def _read_rest(self, descriptor: int) -> None:
        """Take what one more read gives: the end of the drain must not cost output that is already there."""
        with contextlib.suppress(OSError):
            if data := os.read(descriptor, _READ):
                self._output(self._readers[descriptor], data)
        self._loop.remove_reader(descriptor)
        del self._readers[descriptor]
        if descriptor != self._terminal:
            os.close(descriptor)


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
    child._start(stdin, outputs, terminal)
    return child


def _detached(pipe: object) -> int:
    """The descriptor of a Popen pipe, owned by us from here on."""
    descriptor: int = os.dup(pipe.fileno())  # type: ignore[attr-defined]
    pipe.close()  # type: ignore[attr-defined]
    return descriptor


def _require_executable(program: str, cwd: Path, variables: Mapping[str, str]) -> None:
    """Fail before the terminal's shell would: it could only say so in the output."""
    import shutil

    found = shutil.which(str(cwd / program) if "/" in program else program, path=variables.get("PATH"))
    if found is None:
        raise FileNotFoundError(2, os.strerror(2), program)
