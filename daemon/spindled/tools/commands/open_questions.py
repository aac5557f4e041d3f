"""What a client asks its user without us, and waits whose time stands still meanwhile."""

from __future__ import annotations

import asyncio


class OpenQuestions:
    """Of one thread; `count` of them are open."""

    def __init__(self) -> None:
        self.count = 0
        self._change: asyncio.Future[None] | None = None
        """Done with the next question or answer; None if nobody waits for it."""

    def asked(self) -> None:
        self.count += 1
        self._tell()

    def answered(self) -> None:
        """Raises ValueError if no question is open."""
        if not self.count:
            raise ValueError("no question is open")
        self.count -= 1
        self._tell()

    async def wait(self, done: asyncio.Future[None], seconds: float) -> None:
        """Return when it is done, or after that many seconds without an open question."""
        loop = asyncio.get_running_loop()
        while not done.done() and seconds > 0:
            change = self._change = self._change or loop.create_future()
            counted, started = not self.count, loop.time()
            limit = seconds if counted else None
            await asyncio.wait([done, change], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if counted:
                seconds -= loop.time() - started

    def _tell(self) -> None:
        if self._change is not None:
            self._change.set_result(None)
            self._change = None
