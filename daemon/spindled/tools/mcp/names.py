"""What the model calls the tools of servers: `mcp__<server>__<tool>`, in the characters that every provider takes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

PREFIX = "mcp__"
BETWEEN = "__"
MOST = 64  # characters of a function's name
_DIGITS = 12  # of the hash that tells two names apart

Key = tuple[str, str]  # server, tool

_OTHER = re.compile(r"[^a-zA-Z0-9_]")


def namespace(server: str) -> str:
    """The server's part of the name; some models name a tool by this and its own name."""
    return PREFIX + _OTHER.sub("_", server)


def model_names(keys: Iterable[Key]) -> dict[Key, str]:
    """A name for each, no two alike. It depends on the others only where two would be the same."""
    wanted = {key: namespace(key[0]) + BETWEEN + _OTHER.sub("_", key[1]) for key in keys}
    times = Counter(wanted.values())
    return {
        key: name if times[name] == 1 and len(name) <= MOST else with_hash(name, key) for key, name in wanted.items()
    }


def with_hash(name: str, key: Key) -> str:
    digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name[: MOST - _DIGITS - 1]}_{digest}"


def namespaced(tool: object, wanted: str, name: str) -> bool:
    """Whether a call of `name` in the namespace `wanted` means this tool."""
    server, own = getattr(tool, "server", None), getattr(tool, "tool", None)
    return isinstance(server, str) and namespace(server) == wanted and name == own
