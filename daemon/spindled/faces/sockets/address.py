"""Where `--listen` says to listen."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

__all__ = ["Tcp", "Unix", "default_socket", "parse_listen"]


class Unix(NamedTuple):
    """A socket in the file system."""

    path: Path

    def __str__(self) -> str:
        return f"unix://{self.path}"


class Tcp(NamedTuple):
    """A numeric address; port 0 is any free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"ws://{self.shown}"

    @property
    def shown(self) -> str:
        """HOST:PORT as URLs have it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def default_socket(home: str | Path) -> Path:
    """Where clients of the same home look when they are told no address."""
    return Path(home) / "app-server-control" / "app-server-control.sock"


def parse_listen(url: str, home: str | Path) -> Unix | Tcp:
    """`unix://`, `unix://PATH` or `ws://IP:PORT`. Raises ValueError."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return Unix(Path(rest).absolute() if rest else default_socket(home))
    host, colon, port = rest.rpartition(":")
    if scheme != "ws" or not colon or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"invalid --listen URL `{url}`; expected `ws://IP:PORT`")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(f"invalid --listen URL `{url}`; expected `ws://IP:PORT`") from None
    return Tcp(host, int(port))
