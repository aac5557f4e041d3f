"""The folders that clients are kept to, if any are configured."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from spindled.files.operations import Refused

log = logging.getLogger(__name__)


class Roots:
    """Without folders everything is allowed. A path is judged as it stands at that moment, links resolved."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = [os.path.realpath(folder) for folder in folders if os.path.isabs(folder)]
        self.limited = bool(folders)

    def require(self, path: Path, *, follow: bool = True) -> None:
        """Raises Refused outside. Without `follow` it is the directory entry that counts, not where it leads."""
        if not self.limited:
            return
        real = os.path.realpath(path) if follow else os.path.join(os.path.realpath(path.parent), path.name)
        if not any(real == folder or real.startswith(os.path.join(folder, "")) for folder in self._folders):
            log.warning("refused a path outside of fs_roots: %r", str(path))
            raise Refused(f"path is outside the allowed roots: `{path}`")
