"""What the user accepted for the rest of the session; each of it can be shown and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

__all__ = ["CommandGrant", "FileGrant", "Given", "Grant", "InputGrant", "SessionGrants", "ToolGrant"]


class CommandGrant(Struct, frozen=True):
    """Exactly this command in this folder."""

    words: tuple[str, ...]
    cwd: str
    escalated: bool = False


class InputGrant(Struct, frozen=True):
    """Whatever is typed into this running command."""

    item_id: str
    cwd: str


class FileGrant(Struct, frozen=True):
    """Any change of this file; the path is resolved."""

    path: Path


class ToolGrant(Struct, frozen=True):
    """A tool of an MCP server."""

    server: str
    tool: str


Grant: TypeAlias = CommandGrant | InputGrant | FileGrant | ToolGrant


class Given(Struct, frozen=True):
    """`command`: the command line of a command, as the user was shown it."""

    id: str
    grant: Grant
    at_ms: int
    command: str = ""


class SessionGrants:
    """The grants of a thread, and of what works for it, oldest first."""

    def __init__(self) -> None:
        self._given: dict[Grant, Given] = {}
        self._watchers: dict[Callable[[], None], None] = {}

    def __iter__(self) -> Iterator[Given]:
        return iter(tuple(self._given.values()))

    def give(self, given: Given) -> None:
        """What is there already stays as it is."""
        if given.grant not in self._given:
            self._given[given.grant] = given
            self._tell()

    def covers(self, first: Grant, *others: Grant) -> bool:
        """Whether all of these are granted."""
        return all(grant in self._given for grant in (first, *others))

    def take(self, grant: Grant) -> None:
        """Ask again from now on. What runs already goes on."""
        if self._given.pop(grant, None) is not None:
            self._tell()

    def find(self, grant_id: str) -> Given | None:
        return next((given for given in self if given.id == grant_id), None)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Called after each change, until `unwatch`."""
        self._watchers[watcher] = None

    def unwatch(self, watcher: Callable[[], None]) -> None:
        self._watchers.pop(watcher, None)

    def _tell(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()
