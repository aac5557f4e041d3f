"""Who may come in: no page that a browser shows, and over ws:// only who has the credential, if one is wanted."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from spindled.faces.sockets.credentials import Credential, Denied
from spindled.transport.websocket import Reply

__all__ = ["Door"]

HEALTH = ("/healthz", "/readyz")

log = logging.getLogger(__name__)


class Door:
    """Decides about the first request of each connection."""

    def __init__(self, credential: Credential | None = None):
        self._credential = credential

    def admit(self, method: str, path: str, headers: Mapping[str, str]) -> Reply | None:
        """As `transport.websocket.Admit`."""
        if "Origin" in headers:
            log.warning("refused a request from a web page")
            return Reply(403)
        if path in HEALTH:
            return Reply(200) if method in ("GET", "HEAD") else Reply(405, headers=(("Allow", "GET, HEAD"),))
        try:
            self._check(headers)
        except Denied as denied:
            log.warning("refused a client: %s", denied)
            return Reply(401, str(denied), (("WWW-Authenticate", "Bearer"),))
        return None

    def _check(self, headers: Mapping[str, str]) -> None:
        if self._credential is None:
            return
        try:
            shown = headers.get("Authorization", "")
        except LookupError:  # several of them
            raise Denied("invalid websocket bearer token") from None
        scheme, _, token = shown.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Denied("missing websocket bearer token")
        self._credential.check(token.strip())
