"""The one error of configuration, and where in a file it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

KeyPath = tuple[str | int, ...]  # names of tables and keys, indexes of lists


class Span(NamedTuple):
    """A stretch of a text file: 1-based lines and columns (in characters), both ends included."""

    line: int
    column: int
    end_line: int
    end_column: int


class ConfigError(Exception):
    """Configuration that cannot be used.

    `str()` is `PATH:LINE:COLUMN: message` as far as the place is known. The message never quotes a value that may be
    a secret.
    """

    def __init__(self, message: str, *, path: Path | None = None, span: Span | None = None) -> None:
        place = f"{path}:{span.line}:{span.column}: " if path and span else f"{path}: " if path else ""
        super().__init__(place + message)
        self.message = message
        self.path = path
        self.span = span

    @property
    def line(self) -> int | None:
        return self.span.line if self.span else None

    @property
    def column(self) -> int | None:
        return self.span.column if self.span else None


class ConfigWarning(NamedTuple):
    """Something the user should know although the configuration works; the members of the wire's `configWarning`."""

    summary: str
    details: str | None = None
    path: Path | None = None
    span: Span | None = None
