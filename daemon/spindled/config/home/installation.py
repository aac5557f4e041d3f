"""HOME/installation_id: names this installation to clients; made when first asked for."""

from __future__ import annotations

import uuid
from pathlib import Path

from spindled.config.home.files import read_bounded, write_whole

UUID_LENGTH = 36


def installation_id(home: Path) -> str:
    """A UUID that stays the same. Raises OSError if it can be neither read nor written."""
    path = home / "installation_id"
    try:
        return str(uuid.UUID(read_bounded(path, UUID_LENGTH).decode("ascii").strip()))
    except (FileNotFoundError, ValueError):
        made = str(uuid.uuid4())
        write_whole(path, made.encode(), mode=0o644)
        return made
