"""HOME/auth.json: the API key that a user logged in with, as other servers of this protocol keep it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from spindled.config.home.files import read_bounded, write_whole
from spindled.config.layers.layers import Stamp, stamp

API_KEY = "apikey"
MOST_BYTES = 1 << 20

log = logging.getLogger(__name__)


class Login:
    """One per process. The file is looked at anew when it changed; nothing of its content is ever printed."""

    def __init__(self, home: Path) -> None:
        self._path = home / "auth.json"
        self._stamp: Stamp | None = None
        self._key: str | None = None

    def key(self) -> str | None:
        """None without a login, and if the file holds another kind of login or cannot be read."""
        found = stamp(self._path)
        if found != self._stamp:
            self._stamp, self._key = found, self._read() if found else None
        return self._key

    def store(self, key: str) -> None:
        """Replace whatever login there is; only the user can read the file. Raises OSError."""
        content = {"auth_mode": API_KEY, "OPENAI_API_KEY": key}
        write_whole(self._path, json.dumps(content, indent=2).encode(), mode=0o600)

    def forget(self) -> None:
        """Remove the file. Raises OSError."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> str | None:
        try:
            content = json.loads(read_bounded(self._path, MOST_BYTES))
            mode, key = content.get("auth_mode") or API_KEY, content.get("OPENAI_API_KEY")
        except (OSError, ValueError, RecursionError, AttributeError):
            log.warning("%s cannot be read as a login", self._path)  # without the cause: it could quote the content
            return None
        return key if mode == API_KEY and isinstance(key, str) and key else None


def usable_key(text: str) -> str | None:
    """The key without space around it; None if it could not stand in a header."""
    key = text.strip()
    return key if key and key.isascii() and key.isprintable() and " " not in key else None
