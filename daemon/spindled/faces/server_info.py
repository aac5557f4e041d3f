"""Who we are, as `initialize` tells it. Loads nothing: it is needed before anything else is."""

from __future__ import annotations

import os
import sys

from spindled import __version__
from spindled_protocol import WIRE_VERSION

__all__ = ["describe_server", "is_header_value"]


def describe_server(client_name: str, home: str) -> dict[str, str]:
    """The InitializeResponse. Clients parse the first version in userAgent: that of the wire, after their own name."""
    system = f"{_operating_system()}; {os.uname().machine}"
    return {
        "userAgent": f"{client_name}/{WIRE_VERSION} ({system}) {_terminal()} (spindled; {__version__})",
        "codexHome": home,
        "platformFamily": "unix",
        "platformOs": {"darwin": "macos"}.get(sys.platform, sys.platform),
    }


def is_header_value(text: str) -> bool:
    """Whether HTTP takes it: text without control characters. What is no ASCII goes out as other characters."""
    return all((char >= " " and char != "\x7f") or char == "\t" for char in text)


def _operating_system() -> str:
    """Name and three-part version, such as "Debian 12.0.0"."""
    release = _os_release()
    name = release.get("NAME", os.uname().sysname).removesuffix(" GNU/Linux").removesuffix(" Linux")
    version = release.get("VERSION_ID", os.uname().release)
    return f"{name} {version}{'.0' * (2 - version.count('.'))}"


def _os_release() -> dict[str, str]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                pairs = (line.strip().partition("=") for line in file)
                return {key: value.strip("\"'") for key, _, value in pairs}
        except OSError:
            continue
    return {}


def _terminal() -> str:
    """The terminal program of the environment, in characters that a header may hold."""
    name = os.environ.get("TERM_PROGRAM") or os.environ.get("TERM") or "unknown"
    if (version := os.environ.get("TERM_PROGRAM_VERSION")) and "TERM_PROGRAM" in os.environ:
        name = f"{name}/{version}"
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_./") else "_" for char in name)
