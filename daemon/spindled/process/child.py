"""One child: spawned in its own session, read through the event loop, awaited by pidfd."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import Callable

from spindled.process import pty, registry
from spindled.process.stdin import Input
from spindled.process.tree import Root, clock_ticks, terminate
from spindled.process.unstoppable import to_its_end

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
        self._input: Input | None = None
        self._terminal: int | None = None
        self._drain: asyncio.TimerHandle | None = None
        self.cut_off = False
        """Whether something still held the output when its end was not waited for any longer."""
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
        return self._input is not None and self._input.open

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
        if self._input is None or not self._input.open:
            raise BrokenPipeError("stdin is closed")
        self._input.write(data)

    @property
    def unwritten(self) -> int:
        """Bytes of queued input that the child has not taken yet."""
        return self._input.waiting if self._input else 0

    async def taken(self) -> None:
        """Return once the child has taken most of its input, or will take no more."""
        if self._input is not None:
            await self._input.taken()

    def close_stdin(self) -> None:
        """End of input after what is queued; on a terminal, its end-of-file character."""
        if self._input is None or not self._input.open:
            return
        if self._terminal is not None:
            self._input.write(pty.END_OF_FILE)
        self._input.end()

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
        await to_its_end(self._end(grace))

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

    # what follows runs on the loop's callbacks

    def start(self, stdin: int | None, outputs: dict[int, int], terminal: int | None) -> None:
        """Take over the parent's ends of the pipes, or the terminal for both directions, and begin to read."""
        self._terminal, self._readers = terminal, outputs
        for descriptor in outputs:
            os.set_blocking(descriptor, False)
        if stdin is not None:
            self._input = Input(stdin, owned=stdin != terminal)
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

    def _finish(self) -> None:
        if self._closed.done():
            return
        if self._drain:
            self._drain.cancel()
        for descriptor in list(self._readers):
            self._read_rest(descriptor)
        if self._input:
            self._input.close()
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None
        registry.ended(self)
        self._closed.set_result(self._popen.returncode)

    def _read_rest(self, descriptor: int) -> None:
        """Take what is already there, at most what a pipe holds: the end of the drain must not cost it."""
        try:
            data = os.read(descriptor, _READ)
            if data:
                self._output(self._readers[descriptor], data)
                data = os.read(descriptor, 1)
        except BlockingIOError:
            self.cut_off = True
        except OSError:  # a terminal whose last user is gone
            pass
        else:
            if data:
                self._output(self._readers[descriptor], data)
                self.cut_off = True
        self._loop.remove_reader(descriptor)
        del self._readers[descriptor]
        if descriptor != self._terminal:
            os.close(descriptor)
