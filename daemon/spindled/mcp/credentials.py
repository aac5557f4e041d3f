"""What a login to a server left behind: one file a server, readable by its user alone."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
FOLDER = "mcp_credentials"


class Grant(Struct, kw_only=True):
    """Of the server at `url`. `client` and `metadata`: who we are to its authorization server, and where that is."""

    url: str
    tokens: dict[str, Any] | None = None
    expires_at: float | None = None  # Unix time
    client: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Grant(url={self.url!r})"


class Credentials:
    """The grants of one home. Files are small: reading and writing them does not wait for anything."""

    def __init__(self, home: Path):
        self._folder = home / FOLDER

    def of(self, name: str, url: str) -> Grant | None:
        """None if nobody logged in; what cannot be read is no login."""
        try:
            with open(self._path(name, url), "rb") as file:
                grant = msgspec.json.decode(file.read(MOST_BYTES), type=Grant)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning("the login to %s cannot be read: %s", name, type(error).__name__)
            return None
        return grant if grant.url == url else None

    def save(self, name: str, grant: Grant) -> None:
        """Whole or not at all. Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._path(name, grant.url)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.encode(grant))
        os.replace(fresh, path)

    def _path(self, name: str, url: str) -> Path:
        digest = hashlib.sha256("\n".join((name, url)).encode("utf-8", "surrogatepass"))
        return self._folder / f"{digest.hexdigest()[:32]}.json"
