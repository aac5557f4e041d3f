"""config/value/write, config/batchWrite: changes of HOME/config.toml; threads that start afterwards have them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.settings.configuration import metadata
from spindled.config.errors import ConfigError
from spindled.config.home.document import Edit, EditError, same
from spindled.config.home.user_file import InvalidResult, VersionConflict
from spindled.config.layers.overrides import split_key
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled_protocol.types import ConfigWriteResponse, OverriddenMetadata

if TYPE_CHECKING:
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.config.layers.layers import Layer
    from spindled.config.schema import Config
    from spindled_protocol.types import ConfigBatchWriteParams, ConfigEdit, ConfigValueWriteParams

KINDS = {"session": "session flags", "project": "the project's configuration", "profile": "the selected profile"}


@handler
def config_value_write(session: Session, params: ConfigValueWriteParams) -> ConfigWriteResponse:
    return respond(session, params, [parsed(params)])


@handler
def config_batch_write(session: Session, params: ConfigBatchWriteParams) -> ConfigWriteResponse:
    return respond(session, params, [parsed(edit) for edit in params.edits])


def respond(
    session: Session, params: ConfigValueWriteParams | ConfigBatchWriteParams, edits: list[Edit]
) -> ConfigWriteResponse:
    application = session.application
    file = either(params.filePath, None)
    if file is not None and ("\0" in file or os.path.realpath(file) != os.path.realpath(application.user_file.path)):
        refuse("configLayerReadonly", "Only writes to the user config are allowed")
    layer = write(application, edits, either(params.expectedVersion, None))
    above = overridden(application, layer, edits)
    return ConfigWriteResponse(
        status="ok" if above is None else "okOverridden",
        version=layer.version,
        filePath=str(application.user_file.path),
        overriddenMetadata=above,
    )


def parsed(edit: ConfigEdit | ConfigValueWriteParams) -> Edit:
    try:
        path = split_key(edit.keyPath)
    except ConfigError:
        problem = f"`{edit.keyPath[:100]}` is no path of keys" if edit.keyPath else "keyPath must not be empty"
        refuse("configValidationError", problem)
    return Edit(path, edit.value, upsert=edit.mergeStrategy == "upsert")


def write(application: Application, edits: Iterable[Edit], expected_version: str | None = None) -> Layer:
    """The user's layer after the edits; raises RpcError."""
    try:
        return application.user_file.write(edits, expected_version)
    except VersionConflict:
        refuse("configVersionConflict", "Configuration was modified since last read. Fetch latest version and retry.")
    except EditError as error:
        refuse("configValidationError", str(error))
    except InvalidResult as error:
        refuse("configValidationError", f"Invalid configuration: {error}")
    except ConfigError as error:
        raise RpcError(INTERNAL_ERROR, f"failed to load configuration: {error}") from error
    except OSError as error:
        raise RpcError(INTERNAL_ERROR, f"failed to write the configuration: {error.strerror}") from error


def refuse(code: str, message: str) -> NoReturn:
    raise RpcError(INVALID_REQUEST, message, {"config_write_error_code": code})


def overridden(application: Application, user: Layer, edits: Iterable[Edit]) -> OverriddenMetadata | None:
    """The first of what was written that another layer overrules."""
    try:
        config = application.config(working_directory(None))
    except ConfigError:
        return None  # parts of it wait for other writes; the next thread tells what is wrong
    for edit in edits:
        written = at(user.table, edit.path)
        effective = at(config.table, edit.path)
        if not same(written, effective) and (layer := highest(config, edit.path)) is not None:
            return OverriddenMetadata(
                message=f"Overridden by {KINDS.get(layer.kind, layer.kind)}",
                overridingLayer=metadata(layer, config),
                effectiveValue=effective,
            )
    return None


def highest(config: Config, path: tuple[str, ...]) -> Layer | None:
    """The uppermost layer that sets the key, unless that is the user's file."""
    found = next((layer for layer in reversed(config.layers) if at(layer.table, path) is not None), None)
    return found if found is not None and found.kind != "user" else None


def at(table: Any, path: Iterable[str]) -> Any:
    for name in path:
        table = table.get(name) if isinstance(table, dict) else None
    return table
