"""The tools' options, from the configuration."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from spindled.config.features import enabled
from spindled.config.mcp import header_variables
from spindled.config.models.providers import secret_variables
from spindled.process.environment import EnvironmentPolicy
from spindled.tools.base import ToolOptions
from spindled.tools.commands.shell import user_shell
from spindled.tools.files.text_files import DISK

if TYPE_CHECKING:
    from spindled.config.schema import Config
    from spindled.tools.files.text_files import TextFiles

DEFAULT_OUTPUT_TOKENS = 10_000


def tool_options(config: Config, files: TextFiles = DISK) -> ToolOptions:
    """Children get the environment that the policy leaves, and never a key of a provider or an MCP server."""
    settings = config.settings
    policy = settings.shell_environment_policy
    return ToolOptions(
        environment=dict(os.environ),
        environment_policy=EnvironmentPolicy(
            inherit=policy.inherit,
            ignore_default_excludes=policy.ignore_default_excludes,
            exclude=policy.exclude,
            include_only=policy.include_only,
            set=policy.set,
        ),
        output_tokens=settings.tool_output_token_limit or DEFAULT_OUTPUT_TOKENS,
        update_plan=settings.tools.update_plan.enabled,
        dynamic_tool_seconds=settings.tools.dynamic_timeout_sec,
        shell_tool=enabled(settings, "shell_tool"),
        view_image=settings.tools.view_image and enabled(settings, "view_image"),
        goals=enabled(settings, "goals"),
        read_file=files.shared,
        secret_variables=secret_variables(config.providers.values()) | header_variables(settings.mcp_servers.values()),
    )


def shell_name(options: ToolOptions) -> str:
    """The shell that commands run in, for the model to know."""
    return PurePath(user_shell(options)).name
