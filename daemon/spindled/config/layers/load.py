"""The effective configuration: reads the layers of a working directory and resolves them.

Lowest first: built-in defaults, HOME/config.toml, the configuration of a trusted project from its root down to the
working directory, the selected profile, `-c` overrides, and the overrides of one request.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from spindled.config.errors import ConfigError, ConfigWarning
from spindled.config.home.files import read_bounded
from spindled.config.layers.keys import USER_ONLY
from spindled.config.layers.layers import (
    MAX_FILE_BYTES,
    FileKind,
    Layer,
    Stamp,
    given,
    parse_file,
    refuse_unknown,
    stack,
    stamp,
    unknown_warnings,
)
from spindled.config.layers.overrides import nest
from spindled.config.mcp import check_servers
from spindled.config.models.budget import check_prices
from spindled.config.models.providers import built_in, complete, select
from spindled.config.schema import DEFAULT_MODEL, DEFAULT_PROVIDER, ROOT_MARKERS, Config, Settings, TrustLevel
from spindled.config.trust import downward, project_files, project_root, trust_level

_PROFILE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_PROFILES = frozenset({"profile", "profiles", "projects"})


_Read = tuple[Stamp | None, Layer | None]


class ConfigLoader:
    """Loads configurations of one home directory. A file is parsed again only after it changed.

    `overrides` are dotted keys and values (as from `-c`), `profile` wins over the `profile` key. With `strict` unknown
    keys are errors instead of warnings. `features` lie below every [features], for as long as the process lives.
    """

    def __init__(
        self,
        home: Path,
        overrides: Iterable[tuple[str, object]] = (),
        profile: str | None = None,
        strict: bool = False,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._home = home
        self._overrides = tuple(overrides)
        self._profile = profile
        self._strict = strict
        self._environ = environ
        self._parsed: dict[Path, tuple[Stamp, Layer]] = {}
        self.features: dict[str, bool] = {}

    def load(self, cwd: Path, request: Mapping[str, object] | None = None) -> Config:
        """The configuration of `cwd` (absolute), with the dotted overrides of one request. Raises ConfigError."""
        if "\0" in str(cwd):
            raise ConfigError("the working directory holds a NUL character")
        return _Load(self, cwd, request or {}).config()

    def read(self, path: Path, kind: FileKind, profile: str | None = None) -> _Read:
        """A file's stamp and its layer; both None if it is not there."""
        found = stamp(path)
        if found is None:
            self._parsed.pop(path, None)
            return None, None
        known = self._parsed.get(path)
        if known and known[0] == found:
            return known
        layer = parse_file(path, kind, profile)
        if layer is not None:
            self._parsed[path] = (found, layer)
        return found, layer


class _Load:
    """One run over the layers; collects what was looked at and what to warn about."""

    def __init__(self, loader: ConfigLoader, cwd: Path, request: Mapping[str, object]) -> None:
        self.loader = loader
        self.home = loader._home
        self.cwd = cwd
        self.stamps: list[tuple[Path, Stamp | None]] = []
        self.warnings: list[ConfigWarning] = []
        self.user = self._file(self.home / "config.toml", "user")
        self.session = given("session", nest(loader._overrides), cwd)
        self.request = given("request", nest(request.items()), cwd)

    def config(self) -> Config:
        outside = [layer for layer in (self.user, self.session, self.request) if layer]
        table, origins = stack(outside)  # what does not come from the project decides about the project
        profile = self.request.table.get("profile") or self.loader._profile or table.get("profile")
        profiles = self._profile_layers(profile, table, origins) if profile else []
        table, _ = stack([*([self.user] if self.user else []), *profiles, self.session, self.request])
        folder = Path(os.path.realpath(self.cwd))  # a link in a trusted project does not make its target trusted
        root = project_root(folder, table.get("project_root_markers", ROOT_MARKERS))
        trust = trust_level(table.get("projects", {}), folder, root)
        projects = self._project_layers(downward(root, folder), root, trust)
        upper = [*profiles, self.session, self.request]
        layers = [layer for layer in (self.user, *projects, *upper) if layer and layer.table]
        return self._resolved(layers, root, trust, profile)

    def _resolved(self, layers: list[Layer], root: Path, trust: TrustLevel | None, profile: str | None) -> Config:
        if self.loader._strict:
            refuse_unknown(layers)
        table, origins = stack(layers)
        openai = table.get("openai_base_url") or self.loader._environ.get("OPENAI_BASE_URL")
        defaults = Layer(kind="default", table={"model_providers": built_in(openai), "features": self.loader.features})
        settings = msgspec.convert(stack([defaults, Layer(kind="user", table=table)])[0], Settings)
        check_prices(settings)
        check_servers(settings.mcp_servers)
        providers = complete(settings.model_providers)
        provider = select(providers, settings.model_provider or DEFAULT_PROVIDER)
        policy = settings.approval_policy or ("untrusted" if trust == "untrusted" else "on-request")
        return Config(
            home=self.home,
            cwd=self.cwd,
            project_root=root,
            trust=trust,
            settings=settings,
            model=settings.model or (provider.id if provider.embedded else DEFAULT_MODEL),
            provider=provider,
            providers=providers,
            approval_policy="on-request" if policy == "on-failure" else policy,
            sandbox_mode=settings.sandbox_mode or ("workspace-write" if trust else "read-only"),
            base_instructions=settings.instructions or self._instructions(settings.model_instructions_file),
            profile=profile,
            table=table,
            layers=tuple(layers),
            origins=origins,
            warnings=(*self.warnings, *unknown_warnings(layers)),
            stamps=tuple(self.stamps),
        )

    def _file(self, path: Path, kind: FileKind, profile: str | None = None) -> Layer | None:
        found, layer = self.loader.read(path, kind, profile)
        self.stamps.append((path, found))
        return layer

    def _profile_layers(self, name: str, table: dict[str, Any], origins: dict[str, Layer]) -> list[Layer]:
        """[profiles.<name>], and on top of it HOME/<name>.config.toml."""
        layers: list[Layer] = []
        if name in table.get("profiles", {}):
            part = _without(table["profiles"][name], _NOT_IN_PROFILES)
            layers.append(Layer(kind="profile", table=part, profile=name))
        if _PROFILE_NAME.fullmatch(name) and (file := self._file(self.home / f"{name}.config.toml", "profile", name)):
            layers.append(_copy(file, _without(file.table, _NOT_IN_PROFILES)))
        if not layers:
            origin = origins.get("profile")
            span = origin.span(("profile",)) if origin else None
            message = f"configuration profile `{name}` not found"
            raise ConfigError(message, path=origin.path if origin and span else None, span=span)
        return layers

    def _project_layers(self, folders: list[Path], root: Path, trust: TrustLevel | None) -> list[Layer]:
        paths = project_files(folders, self.home)
        if trust != "trusted":
            self._warn_untrusted([path for path in paths if self._seen(path)], root)
            return []
        found = [layer for path in paths if (layer := self._file(path, "project"))]
        return [self._allowed(layer) for layer in found]

    def _allowed(self, layer: Layer) -> Layer:
        refused = sorted(layer.table.keys() & USER_ONLY)
        if not refused:
            return layer
        names = ", ".join(f"`{name}`" for name in refused)
        summary = f"{layer.path}: a project cannot set {names}; only your own configuration can"
        self.warnings.append(ConfigWarning(summary, path=layer.path, span=layer.span((refused[0],))))
        return _copy(layer, _without(layer.table, USER_ONLY))

    def _seen(self, path: Path) -> bool:
        found = stamp(path)
        self.stamps.append((path, found))
        return found is not None

    def _warn_untrusted(self, paths: list[Path], root: Path) -> None:
        if paths:
            names = ", ".join(str(path) for path in paths)
            how = f'add [projects."{root}"] trust_level = "trusted" to {self.home / "config.toml"} to use it'
            self.warnings.append(ConfigWarning(f"Configuration of an untrusted project is not used: {names}", how))

    def _instructions(self, file: str | None) -> str | None:
        if file is None:
            return None
        path = Path(file)
        self.stamps.append((path, stamp(path)))
        try:
            text = read_bounded(path, MAX_FILE_BYTES).decode("utf-8", "replace").strip()
        except OSError as error:
            raise ConfigError(f"cannot read model_instructions_file: {error.strerror}", path=path) from error
        if not text:
            raise ConfigError("model_instructions_file is empty", path=path)
        return text


def load(
    home: Path,
    overrides: Iterable[tuple[str, object]] = (),
    cwd: Path | None = None,
    profile: str | None = None,
    strict: bool = False,
    request: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """The configuration of one working directory (default: the current one). Raises ConfigError."""
    return ConfigLoader(home, overrides, profile, strict, environ).load(cwd or Path.cwd(), request)


def changed(config: Config) -> bool:
    """True if a file that this configuration was made of, or would be made of, is not what it was."""
    return any(stamp(path) != found for path, found in config.stamps)


def _without(table: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in names}


def _copy(layer: Layer, table: dict[str, Any]) -> Layer:
    return msgspec.structs.replace(layer, table=table)
