"""git, asked about a repository that need not be the user's own: nothing that it configures is run, nothing fetched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from spindled.process.child import STDOUT
from spindled.process.job import TIMED_OUT, Job, Plan

PATIENCE_S = 30.0
MOST_BYTES = 16 << 20
_SETTINGS = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "safe.bareRepository=explicit")
# Of another repository, if the daemon itself was started by git.
_ANOTHERS = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
}
_OURS = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


class GitError(Exception):
    """git is not there, does not answer, or answers that it cannot."""


class Git(NamedTuple):
    """`more`: variables beside the environment, which may be any."""

    folder: Path
    environment: Mapping[str, str]
    more: Mapping[str, str] = MappingProxyType({})

    async def ask(self, *arguments: str, accept: Collection[int] = (0,)) -> bytes:
        """What it prints, up to 16 MiB. Raises GitError for more, and for an exit code that is not accepted."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        given = {name: value for name, value in self.environment.items() if name not in _ANOTHERS}
        command = ["git", "--no-pager", *settings, *arguments]
        plan = Plan(command, self.folder, {**given, **_OURS, **self.more}, cap=MOST_BYTES, seconds=PATIENCE_S)
        try:
            job = Job(plan)
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be started: {error}") from error
        code = await job.end()
        if code == TIMED_OUT:
            raise GitError(f"git did not answer within {PATIENCE_S:.0f} s")
        if code not in accept:
            raise GitError(f"git {arguments[0]} ended with {code}")
        if job.outputs[STDOUT].capped:
            raise GitError(f"git {arguments[0]} printed more than {MOST_BYTES >> 20} MiB")
        return bytes(job.outputs[STDOUT].kept)

    async def lines(self, *arguments: str, accept: Collection[int] = (0,)) -> list[str]:
        """The same as text, by lines."""
        return (await self.ask(*arguments, accept=accept)).decode("utf-8", "replace").splitlines()
