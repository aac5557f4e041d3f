"""HOME/config.toml as clients change it: edited in place, checked before it is replaced."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from spindled.config.errors import ConfigError
from spindled.config.home.document import Edit, edited
from spindled.config.home.files import write_whole
from spindled.config.layers.layers import Layer, parse_text, read_text
from spindled.config.layers.validate import InvalidSetting, as_config_error, settings
from spindled.config.mcp import check_servers


class VersionConflict(Exception):
    """The file is not what the client had read."""


class InvalidResult(Exception):
    """The file would not be a configuration any more."""


class UserFile:
    """The configuration file of a home directory."""

    def __init__(self, home: Path) -> None:
        self.path = home / "config.toml"

    def layer(self) -> Layer:
        """What it says now; an empty layer if there is no file. Raises ConfigError."""
        return self._parsed(read_text(self.path) or "")

    def write(self, edits: Iterable[Edit], expected_version: str | None = None) -> Layer:
        """What it says after the edits, all of them or none.

        Raises VersionConflict, EditError, InvalidResult, ConfigError (it cannot be read now) and OSError.
        """
        text = read_text(self.path) or ""
        before = self._parsed(text)
        if expected_version is not None and expected_version != before.version:
            raise VersionConflict
        result = edited(text, edits)
        if result == text:
            return before
        try:
            check_servers(settings(tomllib.loads(result)).mcp_servers)
        except InvalidSetting as error:
            raise InvalidResult(as_config_error(error).message) from error
        except ConfigError as error:
            raise InvalidResult(error.message) from error
        write_whole(self.path, result.encode())
        return self._parsed(result)

    def _parsed(self, text: str) -> Layer:
        return parse_text(text, self.path, "user")
