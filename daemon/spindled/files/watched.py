"""One watched path: which folders must be watched to learn of it, and what of their changes concerns it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from spindled.files.names import shown


class Watched:
    """A path, which need not exist, where it leads to as a link, and as a folder its direct children.

    Names are as the client wrote them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._see()

    def _see(self) -> None:
        self._exists = os.path.lexists(self.path)
        self._target = os.path.realpath(self.path)
        self._entry = os.path.join(os.path.realpath(self.path.parent), self.path.name)
        self._is_folder = os.path.isdir(self._target)

    def look(self) -> set[str]:
        """See anew where the path really is: it, if it came or went since the last look."""
        existed = self._exists
        self._see()
        return {shown(str(self.path))} if existed != self._exists else set()

    def folders(self) -> set[str]:
        """Those that are there now: the path itself, and the nearest above it and above where it leads to."""
        target = os.path.realpath(self.path)
        return {nearest(os.path.realpath(self.path.parent)), nearest(os.path.dirname(target)), nearest(target)}

    def concerned(self, changed: Iterable[str]) -> set[str]:
        """What of these changed places is the path itself or a direct child."""
        names = set()
        for place in changed:
            if place in (self._entry, self._target):
                names.add(str(self.path))
            if self._is_folder and os.path.dirname(place) == self._target:
                names.add(str(self.path / os.path.basename(place)))
        if names:
            self._see()
        return set(map(shown, names))


def nearest(path: str) -> str:
    """The folder, or the first above it that is there."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path
