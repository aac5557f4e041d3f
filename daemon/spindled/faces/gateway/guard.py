"""Who may speak to the gateway: programs of this machine, and no page that a browser shows.

A page cannot leave out `Origin` when it posts, and one that had its own name pointed at 127.0.0.1 cannot leave that
name out of `Host`. A token, where there is one, is wanted from everybody.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import ip_address

from spindled.faces.gateway.errors import Refusal, error_body

TOKEN_VARIABLE = "SPINDLED_GATEWAY_TOKEN"


class NotLoopback(ValueError):
    """An address that other machines reach; the text says what it takes."""


class Guard:
    """`token` None: nobody has to show one. `remote`: other machines are served too, so any name of ours will do."""

    def __init__(self, token: str | None, *, remote: bool = False):
        self._token = token.encode() if token else None
        self._remote = remote

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises Refusal."""
        if "Origin" in headers:
            raise Refusal(403, "Requests from web pages are not served.", code="origin_not_allowed")
        if not self._remote and not is_local(host_name(headers.get("Host", ""))):
            raise Refusal(403, "Requests for another host are not served.", code="host_not_allowed")
        if self._token is not None:
            shown = headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(shown, b"Bearer " + self._token):
                refusal = Refusal(401, "")
                text = f"The bearer token of this gateway is needed, the value of {TOKEN_VARIABLE}."
                refusal.body = error_body(text, kind="authentication_error", code="invalid_api_key")
                raise refusal


def address(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `:PORT`, `[::1]:PORT` or a `http://` URL of these. Raises ValueError."""
    host, colon, port = listen.removeprefix("http://").rstrip("/").rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"`{listen}` is no address: HOST:PORT is wanted, port 0 for any free one")
    return host.strip("[]") or "127.0.0.1", int(port)


def admit(host: str, *, allow_remote: bool, token: str | None) -> None:
    """Raises NotLoopback for an address that is not to be served on."""
    if is_local(host):
        return
    if not allow_remote:
        raise NotLoopback(f"{host} is not on loopback: --allow-remote serves it to other machines")
    if not token:
        raise NotLoopback(f"--allow-remote needs a token: set the environment variable {TOKEN_VARIABLE}")


def is_local(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """The name in a Host header, without the port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]
