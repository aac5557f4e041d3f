"""Which variables a child gets: `shell_environment_policy` of config.toml."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct, field

_CORE = frozenset({"HOME", "LOGNAME", "PATH", "SHELL", "USER", "USERNAME", "TMPDIR", "TEMP", "TMP"})
_SECRET_PATTERNS = ("*KEY*", "*SECRET*", "*TOKEN*")


class EnvironmentPolicy(Struct, frozen=True, kw_only=True):
    """In order: inherit, default excludes, exclude, set, include_only. Patterns are case-insensitive globs."""

    inherit: Literal["all", "core", "none"] = "all"
    ignore_default_excludes: bool = True
    exclude: list[str] = field(default_factory=list)
    set: dict[str, str] = field(default_factory=dict)
    include_only: list[str] = field(default_factory=list)


def child_environment(
    environment: Mapping[str, str],
    policy: EnvironmentPolicy,
    secret_variables: Collection[str] = (),
) -> dict[str, str]:
    """The variables that pass the policy; `secret_variables` (credentials of the daemon) never do."""
    if policy.inherit == "none":
        kept = {}
    elif policy.inherit == "core":
        kept = {name: value for name, value in environment.items() if name in _CORE}
    else:
        kept = dict(environment)
    if not policy.ignore_default_excludes:
        kept = _without(kept, _SECRET_PATTERNS)
    kept = _without(kept, policy.exclude) | policy.set
    if policy.include_only:
        kept = {name: value for name, value in kept.items() if _matches(name, policy.include_only)}
    for name in secret_variables:
        kept.pop(name, None)
    return kept


def _without(variables: dict[str, str], patterns: Collection[str]) -> dict[str, str]:
    if not patterns:
        return variables
    return {name: value for name, value in variables.items() if not _matches(name, patterns)}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    upper = name.upper()
    return any(fnmatch.fnmatchcase(upper, pattern.upper()) for pattern in patterns)
