"""Layers of settings: where each came from, and how they become one table that remembers it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from spindled.config.errors import ConfigError, ConfigWarning, KeyPath, Span
from spindled.config.home.files import read_bounded
from spindled.config.layers.overrides import merge
from spindled.config.layers.validate import InvalidSetting, as_config_error, dotted, settings, unknown_keys

MAX_FILE_BYTES = 4 * 1024 * 1024
FileKind = Literal["user", "project", "profile"]
_PATHS = (
    ("model_instructions_file",),
    ("sandbox_workspace_write", "writable_roots"),
    ("model_providers", "*", "auth", "cwd"),
    ("mcp_servers", "*", "cwd"),
)


class Stamp(NamedTuple):
    """Changes whenever a file is written or replaced."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


class Layer(Struct, frozen=True, kw_only=True):
    """One source of settings. `table` is checked, and its paths are absolute; it may hold secrets."""

    kind: Literal["default", "user", "project", "profile", "session", "request"]
    table: dict[str, Any]
    path: Path | None = None
    profile: str | None = None
    text: str = ""
    unknown: tuple[tuple[str, ...], ...] = ()

    @property
    def title(self) -> str:
        """How messages call it."""
        name = f"profile {self.profile}" if self.profile else self.kind
        return f"{name} ({self.path})" if self.path else name

    @property
    def version(self) -> str:
        """A digest of the content: equal for equal tables."""
        import hashlib
        import json

        text = json.dumps(self.table, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def span(self, path: KeyPath) -> Span | None:
        return _locate(self.text, path) if self.text else None

    def __repr__(self) -> str:
        return f"Layer({self.title})"


def stamp(path: Path) -> Stamp | None:
    """None for a file that is not there or cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def parse_file(path: Path, kind: FileKind, profile: str | None = None) -> Layer | None:
    """The layer of a TOML file, None if there is no such file. Raises ConfigError with the place of the mistake."""
    text = read_text(path)
    return None if text is None else parse_text(text, path, kind, profile)


def parse_text(text: str, path: Path, kind: FileKind, profile: str | None = None) -> Layer:
    """The layer that a file with this text would be. Raises ConfigError with the place of the mistake."""
    table = _parse(text, path)
    try:
        settings(table)
    except InvalidSetting as error:
        raise ConfigError(error.message, path=path, span=_locate(text, error.path)) from None
    unknown = tuple(unknown_keys(table))
    return Layer(kind=kind, table=absolute(table, path.parent), path=path, profile=profile, text=text, unknown=unknown)


def given(kind: Literal["session", "request"], table: dict[str, Any], base: Path) -> Layer:
    """The layer of settings that come from no file; relative paths count from `base`. Raises ConfigError."""
    try:
        settings(table)
    except InvalidSetting as error:
        raise as_config_error(error) from None
    return Layer(kind=kind, table=absolute(table, base), unknown=tuple(unknown_keys(table)))


def stack(layers: Iterable[Layer]) -> tuple[dict[str, Any], dict[str, Layer]]:
    """The merged table, lowest layer first, and the layer of each of its leaves by dotted key."""
    table: dict[str, Any] = {}
    origins: dict[KeyPath, Layer] = {}
    for layer in layers:
        _note_origins(origins, layer, table, layer.table, ())
        table = merge(table, layer.table)
    return table, {dotted(path): layer for path, layer in origins.items()}


def unknown_warnings(layers: Iterable[Layer]) -> list[ConfigWarning]:
    """One warning for each layer with keys that nobody knows."""
    warnings: list[ConfigWarning] = []
    for layer in layers:
        if not layer.unknown:
            continue
        count = len(layer.unknown)
        lines = "".join(f"\n  {layer.title}: `{dotted(key)}` is ignored" for key in layer.unknown)
        summary = f"{count} unknown configuration {'key' if count == 1 else 'keys'}:{lines}"
        warnings.append(ConfigWarning(summary, path=layer.path, span=layer.span(layer.unknown[0])))
    return warnings


def refuse_unknown(layers: Iterable[Layer]) -> None:
    """Raises ConfigError for the first key that nobody knows."""
    for layer in layers:
        for key in layer.unknown:
            message = f"unknown key `{dotted(key)}`"
            raise ConfigError(
                message if layer.path else f"{message} ({layer.title})", path=layer.path, span=layer.span(key)
            )


def absolute(table: dict[str, Any], base: Path) -> dict[str, Any]:
    """The table with its path settings made absolute: `~` is the user's home, relative ones count from `base`."""
    for keys in _PATHS:
        table = _made_absolute(table, keys, base)
    if profiles := table.get("profiles"):
        table = {**table, "profiles": {name: absolute(part, base) for name, part in profiles.items()}}
    return table


def _made_absolute(value: Any, keys: tuple[str, ...], base: Path) -> Any:
    """A copy of `value` with the paths at `keys` in it made absolute; `*` stands for any key."""
    if not keys:
        if isinstance(value, list):
            return [_absolute(item, base) for item in value]
        return _absolute(value, base) if isinstance(value, str) else value
    if not isinstance(value, dict):
        return value
    first, *rest = keys
    below = value.keys() if first == "*" else {first} & value.keys()
    return {**value, **{key: _made_absolute(value[key], tuple(rest), base) for key in below}} if below else value


def _absolute(path: str, base: Path) -> str:
    return os.path.normpath(base / os.path.expanduser(path))


def _note_origins(
    origins: dict[KeyPath, Layer], layer: Layer, lower: Any, upper: dict[str, Any], prefix: KeyPath
) -> None:
    for key, value in upper.items():
        path = (*prefix, key)
        below = lower.get(key) if isinstance(lower, dict) else None
        if isinstance(value, dict):
            origins.pop(path, None)  # a table replaces a plain value
            _note_origins(origins, layer, below, value, path)
            continue
        if isinstance(below, dict):  # a plain value replaces a whole table
            for stale in [other for other in origins if other[: len(path)] == path]:
                del origins[stale]
        origins[path] = layer


def _locate(text: str, path: KeyPath) -> Span | None:
    from spindled.config.layers.positions import locate

    return locate(text, path)


def read_text(path: Path) -> str | None:
    """The text of a file, None if there is none. Raises ConfigError."""
    try:
        data = read_bounded(path, MAX_FILE_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=path) from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"is larger than {MAX_FILE_BYTES} bytes", path=path)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ConfigError("is not UTF-8 text", path=path, span=Span(line, column, line, column)) from None


def _parse(text: str, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, path) from None
    except RecursionError:
        raise ConfigError("is nested too deeply", path=path) from None


def _syntax_error(message: str, text: str, path: Path) -> ConfigError:
    import re

    match = re.fullmatch(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if not match:
        return ConfigError(message, path=path)
    lines = text.split("\n")
    line = int(match[2]) if match[2] else len(lines)
    column = int(match[3]) if match[3] else len(lines[-1]) + 1
    if "overwrite" in match[1] or "twice" in match[1]:  # reported behind the value; people look for the key
        column = len(lines[line - 1]) - len(lines[line - 1].lstrip()) + 1
    return ConfigError(match[1][:1].lower() + match[1][1:], path=path, span=Span(line, column, line, column))
