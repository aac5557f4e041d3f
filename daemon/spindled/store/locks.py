"""One writer per thread, across processes: flock on thread-writer-locks/<thread id>.lock, as the reference does."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from spindled.store.errors import ActiveWriter, StoreError

_COORDINATION = ".coordination.lock"


class WriterLock:
    """Held from construction to `release()`, or for a with block.

    Raises ActiveWriter if somebody holds it, StoreError if the file cannot be made.
    """

    def __init__(self, folder: Path, thread_id: str) -> None:
        self._path = folder / f"{thread_id}.lock"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = _locked(self._path)
        except BlockingIOError as error:
            raise ActiveWriter(self._path, thread_id) from error
        except OSError as error:
            raise StoreError(self._path, error) from error

    def __enter__(self) -> WriterLock:
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()

    def release(self) -> None:
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        # A holder of the coordination lock may be about to open the file that would be removed: leave it then.
        with suppress(OSError):
            coordination = os.open(self._path.with_name(_COORDINATION), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(coordination, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._path.unlink(missing_ok=True)
            finally:
                os.close(coordination)
        os.close(descriptor)


def _locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last holder may have removed the file after it was opened here: such a lock excludes nobody.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
