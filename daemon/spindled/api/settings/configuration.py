"""config/read, configRequirements/read: the settings of a folder, and which layer each comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.config.errors import ConfigError
from spindled.config.features import effective
from spindled.config.layers.keys import OTHERS
from spindled.config.layers.layers import Layer
from spindled.config.layers.validate import known_keys
from spindled.config.schema import Settings
from spindled.rpc.errors import INTERNAL_ERROR, RpcError
from spindled.tools.commands.write_stdin import MAX_POLL_MS
from spindled_protocol.types import (
    Config,
    ConfigLayer,
    ConfigLayerMetadata,
    ConfigRequirementsReadResponse,
    ProjectConfigLayerSource,
    SessionFlagsConfigLayerSource,
    UserConfigLayerSource,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.schema import Config as Effective
    from spindled_protocol.types import ConfigLayerSource, ConfigReadParams

NOT_SETTINGS = {"id", "embedded"}  # of a provider
PLAIN_PROVIDER = {
    "wire_api": "responses",
    "requires_openai_auth": False,
    "supports_websockets": False,
    "supports_standalone_web_search": False,
}
HERE: dict[str, Any] = {
    "background_terminal_max_timeout": MAX_POLL_MS,
    "cli_auth_credentials_store": "file",
    "file_opener": "vscode",  # a client's, as are the next
    "history": {"persistence": "save-all", "max_bytes": None},
    "include_apps_instructions": False,
    "include_collaboration_mode_instructions": True,
    "include_environment_context_time": True,
    "include_permissions_instructions": True,
    "marketplaces": {},
    "mcp_oauth_credentials_store": "file",
    "plugins": {},
}
"""What is so without a setting."""


@handler
def config_read(session: Session, params: ConfigReadParams) -> dict[str, Any]:
    """A ConfigReadResponse whose `config` has more members than the type names, as the wire allows there."""
    application = session.application
    try:
        config = application.config(working_directory(either(params.cwd, None)))
        user = application.user_file.layer()
    except ConfigError as error:
        raise RpcError(INTERNAL_ERROR, f"failed to read configuration layers: {error}") from error
    layers = list(config.layers)
    if not any(layer.kind == "user" for layer in layers):
        layers.insert(0, user)  # empty, but its version is what a first write is compared with
    told = [
        ConfigLayer(name=source(layer, config), version=layer.version, config=layer.table) for layer in reversed(layers)
    ]
    wanted = either(params.includeLayers, False)
    return {"config": shown(config), "origins": dict(origins(config)), "layers": told if wanted else None}


@handler
def config_requirements_read(session: Session, params: None) -> ConfigRequirementsReadResponse:
    """Nobody but the user restricts this server."""
    return ConfigRequirementsReadResponse(supportsIndependentSpeedModes=False, requirements=None)


def shown(config: Effective) -> dict[str, Any]:
    """The table as the wire has it: what is not set is its default or null, keys that nobody knows are left out."""
    table = config.table
    typed = msgspec.to_builtins(msgspec.convert(table, Settings))
    unset = {key: None for key, value in typed.items() if key not in table and isinstance(value, dict) and value}
    if not isinstance(typed["tools"]["web_search"], dict):  # the wire knows its options, not the switch
        typed["tools"]["web_search"] = None
    return {
        **dict.fromkeys(OTHERS[""]),
        **HERE,
        **{key: completed(HERE.get(key), value) for key, value in table.items() if key in OTHERS[""]},
        **typed,
        **unset,
        "features": {**typed["features"], **effective(config.settings)},
        "shell_environment_policy": filled("shell_environment_policy", table.get("shell_environment_policy", {})),
        "model_providers": {
            key: {**PLAIN_PROVIDER, **filled("model_providers.*", provider)}
            for key, provider in table.get("model_providers", {}).items()
        },
        **declared({**table, "tools": typed["tools"] if "tools" in table else None}),
    }


def completed(here: Any, written: Any) -> Any:
    """A table that is written in part has the rest too."""
    return {**here, **written} if isinstance(here, dict) and isinstance(written, dict) else written


def filled(kind: str, written: dict[str, Any]) -> dict[str, Any]:
    """A table of that kind as it is written, and null for what else could be."""
    unset = {key: None for key in known_keys(kind) - NOT_SETTINGS if key not in PLAIN_PROVIDER}
    return {**unset, **{key: value for key, value in written.items() if key in known_keys(kind)}}


def declared(table: dict[str, Any]) -> dict[str, Any]:
    """The settings that the wire knows by type; what does not fit is null, so that a typed client can read the rest."""
    return {field.name: fitting(table.get(field.name), field.type) for field in msgspec.structs.fields(Config)}


def fitting(value: Any, kind: Any) -> Any:
    try:
        return msgspec.to_builtins(msgspec.convert(value, kind))
    except msgspec.ValidationError:
        return None


def origins(config: Effective) -> Iterator[tuple[str, ConfigLayerMetadata]]:
    """Each leaf, entries of lists too, with its layer."""
    known = {id(layer): metadata(layer, config) for layer in config.layers}
    for path, value in leaves((), config.table):
        layer = known[id(config.origins[".".join(path)])]
        yield from ((".".join(leaf), layer) for leaf in elements(path, value))


def leaves(path: tuple[str, ...], table: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What is no table, with where it is."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from leaves((*path, name), value)
        else:
            yield (*path, name), value


def elements(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, ...]]:
    """The places of what a list holds; of anything else its own."""
    if not isinstance(value, dict | list):
        yield path
        return
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for name, entry in entries:
        yield from elements((*path, str(name)), entry)


def metadata(layer: Layer, config: Effective) -> ConfigLayerMetadata:
    return ConfigLayerMetadata(name=source(layer, config), version=layer.version)


def source(layer: Layer, config: Effective) -> ConfigLayerSource:
    if layer.kind == "project":
        assert layer.path is not None
        return ProjectConfigLayerSource(dotCodexFolder=str(layer.path.parent))
    if layer.kind in ("user", "profile"):  # a profile may be a table of the user's file
        return UserConfigLayerSource(file=str(layer.path or config.home / "config.toml"), profile=layer.profile)
    return SessionFlagsConfigLayerSource()
