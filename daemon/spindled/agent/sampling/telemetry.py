"""One line in the log for each request to a model: what it was for, how it ended, how long it took, what it used."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from spindled.model.errors import ModelError

if TYPE_CHECKING:
    from spindled.model.events import Completed, Incomplete
    from spindled.model.request import ModelRequest

log = logging.getLogger(__name__)


class ModelCall:
    """Enter when the request goes out; `heard` with each piece of the answer, `ended` with its last event."""

    def __init__(self, purpose: str, request: ModelRequest):
        self.purpose = purpose
        self.model = request.model
        self.terminal: Completed | Incomplete | None = None
        self.heard_at: float | None = None

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        return self

    def heard(self) -> None:
        if self.heard_at is None:
            self.heard_at = time.monotonic()

    def ended(self, terminal: Completed | Incomplete) -> None:
        self.terminal = terminal

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        usage = error.usage if isinstance(error, ModelError) else self.terminal.usage if self.terminal else None
        tokens = (
            f"{usage.input_tokens} in, {usage.cached_input_tokens} of them cached, {usage.output_tokens} out, "
            f"{usage.reasoning_output_tokens} of them reasoning"
            if usage
            else "not known"
        )
        first = "-" if self.heard_at is None else f"{(self.heard_at - self.began) * 1000:.0f} ms"
        log.info(
            "%s asked %s: %s after %.0f ms, first answer after %s; tokens: %s",
            self.purpose,
            self.model,
            self._outcome(error),
            (time.monotonic() - self.began) * 1000,
            first,
            tokens,
        )

    def _outcome(self, error: BaseException | None) -> str:
        if isinstance(error, ModelError):
            return f"failed ({error.kind})"
        if error is not None:
            return "cut off"
        return type(self.terminal).__name__.lower() if self.terminal else "no end"
