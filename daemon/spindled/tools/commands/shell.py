"""The user's shell, and the command line and variables that a script runs with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from spindled.process.environment import child_environment
from spindled.tools.base import ToolContext, ToolOptions

# Programs that find no terminal user must not page, colour or guess an encoding.
_QUIET = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GH_PAGER": "cat",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
}
_FALLBACKS = ("bash", "sh")


class ShellCommand(NamedTuple):
    """`trusted`: the shell is the user's own, so the script means what a shell's grammar says."""

    words: list[str]
    trusted: bool


def user_shell(options: ToolOptions) -> str:
    """The configured shell, else $SHELL, else bash, else sh; always one that exists."""
    path = options.environment.get("PATH")
    for candidate in (options.shell, options.environment.get("SHELL"), *_FALLBACKS):
        if candidate and (found := shutil.which(candidate, path=path)):
            return found
    return "/bin/sh"


def shell_command(script: str, wanted: str | None, login: bool, options: ToolOptions) -> ShellCommand:
    """`wanted` is the shell that the model asks for; one that does not exist is replaced by the user's."""
    own = user_shell(options)
    shell = (shutil.which(wanted, path=options.environment.get("PATH")) if wanted else None) or own
    return ShellCommand([shell, "-lc" if login else "-c", script], shell == own)


def command_environment(context: ToolContext, tty: bool) -> dict[str, str]:
    options = context.tool_options
    policy = options.environment_policy
    inherited = child_environment(options.environment, policy, options.secret_variables)
    quiet = {**_QUIET, "TERM": "xterm"} if tty else _QUIET
    chosen = {name: value for name, value in inherited.items() if name in policy.set}  # the user's word wins over ours
    return {**inherited, **quiet, **chosen, "SPINDLED_THREAD_ID": context.thread_id}


def working_directory(wanted: str | None, cwd: Path) -> Path:
    return Path(os.path.normpath(cwd / wanted)) if wanted else cwd
