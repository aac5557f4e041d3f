"""Keys that a command prints: short-lived tokens of a cloud or a password manager.

The command runs without a shell, as a child that the daemon owns; what it prints is in no error and no log.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from .errors import Kind, ModelError

MOST_BYTES = 64 * 1024
REMEMBERED = 4  # tokens that a late error text may still name


class AuthCommand(Protocol):
    """Times in milliseconds; `refresh_interval_ms` 0: only when the provider refuses the token. `cwd` None: ours."""

    @property
    def command(self) -> str: ...
    @property
    def args(self) -> Sequence[str]: ...
    @property
    def timeout_ms(self) -> int: ...
    @property
    def refresh_interval_ms(self) -> int: ...
    @property
    def cwd(self) -> str | None: ...


class CommandTokens:
    """The tokens of one provider. Whoever needs one while the command runs waits for that run."""

    def __init__(self, provider: str, command: AuthCommand, environ: Mapping[str, str]):
        self._provider = provider
        self._command = command
        self._environ = environ
        self._lock = asyncio.Lock()
        self._made_at = 0.0
        self.seen: deque[str] = deque(maxlen=REMEMBERED)  # the last one is the current one

    async def current(self) -> str:
        """A token that is not older than the interval. Raises ModelError."""
        async with self._lock:
            interval = self._command.refresh_interval_ms / 1000
            if not self.seen or (interval and time.monotonic() - self._made_at >= interval):
                await self._renew()
            return self.seen[-1]

    async def after_refusal(self, refused: str) -> str | None:
        """The token after one that the provider refused; None if the command gives that one again."""
        async with self._lock:
            if self.seen[-1] == refused:
                await self._renew()
            return self.seen[-1] if self.seen[-1] != refused else None

    async def _renew(self) -> None:
        token = await self._output()
        if not token or not token.isprintable() or not token.isascii():
            raise self._failed("it printed no token" if not token else "what it printed is no token")
        self._made_at = time.monotonic()
        self.seen.append(token)

    async def _output(self) -> str:
        """What the command prints, trimmed."""
        from spindled.process.child import STDOUT  # loaded for those who have such a command
        from spindled.process.spawn import spawn

        printed = bytearray()

        def take(stream: int, data: bytes) -> None:
            if stream == STDOUT and len(printed) <= MOST_BYTES:
                printed.extend(data)

        words = [self._command.command, *self._command.args]
        try:
            child = spawn(words, cwd=Path(self._command.cwd or "."), environment=self._environ, output=take)
        except (OSError, ValueError) as error:
            raise self._failed(getattr(error, "strerror", None) or "it cannot be started") from None
        try:
            async with asyncio.timeout(self._command.timeout_ms / 1000):
                code = await child.wait()
        except TimeoutError:
            raise self._failed(f"it did not end within {self._command.timeout_ms} ms") from None
        finally:
            if not child.finished:
                await child.kill()
        if code:
            raise self._failed(f"it ended with {code}")
        if len(printed) > MOST_BYTES:
            raise self._failed("what it printed is no token")
        return printed.decode("utf-8", "replace").strip()

    def _failed(self, why: str) -> ModelError:
        text = f"The auth command of the provider {self._provider!r} failed: {why}."
        return ModelError(Kind.CREDENTIALS, text)
