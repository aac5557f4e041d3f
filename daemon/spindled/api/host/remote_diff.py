"""gitDiffToRemote: how a working tree differs from what a remote has."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from spindled.api.errors import handler
from spindled.api.host.files import allowed_path
from spindled.api.host.jobs import job_environment
from spindled.process.git import Git, GitError
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.types import GitDiffToRemoteResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import GitDiffToRemoteParams

MOST_BRANCHES = 1_000
PLAIN = (
    "--binary",
    "--dst-prefix=b/",
    "--ignore-submodules=dirty",
    "--no-color",
    "--no-ext-diff",
    "--no-relative",
    "--no-textconv",
    "--src-prefix=a/",
    "--submodule=short",
)


@handler
async def git_diff_to_remote(session: Session, params: GitDiffToRemoteParams) -> GitDiffToRemoteResponse:
    """The commit that the diff applies to is one that a remote has; files that git does not know yet are in it."""
    cwd = Path(params.cwd)
    try:
        if not cwd.is_absolute():
            raise GitError("the path is relative")
        environment = job_environment(session.application.config(cwd), UNSET)
        tree = await WorkingTree.at(Git(cwd, environment))
        await allowed_path(session, str(tree.git.folder))
        base = await tree.base()
        return GitDiffToRemoteResponse(sha=base, diff=await tree.diff(base))
    except (GitError, OSError, ValueError) as error:
        text = f"failed to compute git diff to remote for cwd: {json.dumps(params.cwd, ensure_ascii=False)}"
        raise RpcError(INVALID_REQUEST, text, {"reason": str(error)}) from error


class WorkingTree(NamedTuple):
    """`git` works at its top. What is raised: GitError, OSError."""

    git: Git
    index_file: Path

    @classmethod
    async def at(cls, git: Git) -> WorkingTree:
        top, index = await git.lines("rev-parse", "--path-format=absolute", "--show-toplevel", "--git-path", "index")
        git = Git(Path(top), git.environment)
        return cls(git._replace(more=await filters_off(git)), Path(index))

    async def base(self) -> str:
        """The best commit of HEAD's history that a remote has; with none, the newest that one has."""
        branches = await self.git.lines(
            "for-each-ref",
            "--sort=-committerdate",
            f"--count={MOST_BRANCHES}",
            "--format=%(objectname)",
            "refs/remotes",
        )
        if not branches:
            raise GitError("no remote has anything")
        commits = list(dict.fromkeys(branches))
        return [*await self.git.lines("merge-base", "HEAD", *commits, accept=(0, 1)), *commits][0]

    async def diff(self, base: str) -> str:
        """From that commit to the files as they are. The repository's own index is not touched."""
        with TemporaryDirectory(prefix="spindled-git-") as folder:
            index, paths = Path(folder, "index"), Path(folder, "paths")
            git = self.git._replace(more={**self.git.more, "GIT_INDEX_FILE": str(index)})
            if self.index_file.exists():
                await asyncio.to_thread(shutil.copyfile, self.index_file, index)
            found = await git.ask("ls-files", "-z", "--others", "--exclude-standard")
            files = [path for path in found.split(b"\0") if path and not path.endswith(b"/")]  # no repository within
            if files:
                await asyncio.to_thread(paths.write_bytes, b"\0".join(files))
                named = ("--pathspec-file-nul", f"--pathspec-from-file={paths}")
                await git.ask("add", "--intent-to-add", *named)
            return (await git.ask("diff", *PLAIN, base, "--")).decode("utf-8", "replace")


async def filters_off(git: Git) -> dict[str, str]:
    """Variables that keep the repository's own configuration from running programs over its files."""
    wanted = r"^filter\..*\.(clean|process|required)$"
    said = await git.ask("config", "--null", "--show-scope", "--name-only", "--get-regexp", wanted, accept=(0, 1))
    words = said.decode("utf-8", "surrogateescape").split("\0")
    scopes = zip(words[::2], words[1::2], strict=False)
    names = [name for scope, name in scopes if scope not in ("system", "global")]
    variables = {"GIT_CONFIG_COUNT": str(len(names))} if names else {}
    for number, name in enumerate(names):
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = "false" if name.endswith(".required") else ""
    return variables
