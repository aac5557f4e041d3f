"""A table against the Settings: type errors with the key they are at, and the keys that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from spindled.config.errors import ConfigError, KeyPath
from spindled.config.layers.keys import OTHERS
from spindled.config.mcp import McpOauth, McpServer, McpTool
from spindled.config.models.budget import Budgets, ModelPrice, ThreadLimits, TurnLimits
from spindled.config.schema import (
    AuthCommand,
    ModelSettings,
    Project,
    Provider,
    Settings,
    ShellEnvironmentPolicy,
    Tools,
    UpdatePlanTool,
    WorkspaceWrite,
)

_KNOWN: dict[str, frozenset[str]] = OTHERS | {
    table: OTHERS.get(table, frozenset()) | frozenset(struct.__struct_fields__)
    for table, struct in {
        "": Settings,
        "tools": Tools,
        "tools.update_plan": UpdatePlanTool,
        "model_providers.*": Provider,
        "model_providers.*.auth": AuthCommand,
        "models.*": ModelSettings,
        "sandbox_workspace_write": WorkspaceWrite,
        "shell_environment_policy": ShellEnvironmentPolicy,
        "projects.*": Project,
        "budget": Budgets,
        "budget.turn": TurnLimits,
        "budget.thread": ThreadLimits,
        "model_prices.*": ModelPrice,
        "mcp_servers.*": McpServer,
        "mcp_servers.*.oauth": McpOauth,
        "mcp_servers.*.tools.*": McpTool,
    }.items()
}
_NOT_SETTINGS = {"model_providers.*": frozenset({"id", "embedded"})}


class InvalidSetting(Exception):
    """A value that does not fit: where, and what was expected."""

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def settings(table: dict[str, Any]) -> Settings:
    """The typed form of a table. Raises InvalidSetting."""
    result = _convert(table)
    for name, part in result.profiles.items():
        try:
            _convert(part)
        except InvalidSetting as error:
            raise InvalidSetting(("profiles", name, *error.path), error.message) from None
    return result


def known_keys(table: str) -> frozenset[str]:
    """The keys of a table that we or other servers know; it is dotted, `*` stands for any name."""
    return _KNOWN[table]


def unknown_keys(table: dict[str, Any]) -> list[tuple[str, ...]]:
    """The keys of a table that neither we nor other servers know, sorted."""
    found = set(_unknown(table))
    profiles = table.get("profiles")
    for name, part in profiles.items() if isinstance(profiles, dict) else ():
        found.update(("profiles", name, *path) for path in _unknown(part))
    return sorted(found)


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `model_providers.x.base_url`, `writable_roots[1]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _convert(table: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        from spindled.config.layers.explain import explained

        raise InvalidSetting(*explained(error, table)) from None


def _unknown(table: Any) -> Iterator[tuple[str, ...]]:
    for pattern, names in _KNOWN.items():
        for path, part in _tables(table, tuple(pattern.split(".")) if pattern else ()):
            known = names - _NOT_SETTINGS.get(pattern, frozenset())
            yield from ((*path, key) for key in part if key not in known)


def _tables(table: Any, pattern: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if not isinstance(table, dict):
        return
    if not pattern:
        yield (), table
        return
    for name in table if pattern[0] == "*" else {pattern[0]} & table.keys():
        for path, part in _tables(table[name], pattern[1:]):
            yield (name, *path), part


def as_config_error(error: InvalidSetting) -> ConfigError:
    """For layers that are no file: the key stands in the message."""
    return ConfigError(f"{error.message} (in `{dotted(error.path)}`)" if error.path else error.message)
