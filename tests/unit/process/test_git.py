"""git, asked about a repository that is not to be trusted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from spindled.process import git as module
from spindled.process.git import Git, GitError

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.fixture
def repository(tmp_path: Path) -> Git:
    folder = tmp_path / "repository"
    folder.mkdir()
    script = "git init -q -b main . && git -c user.email=a@b -c user.name=n commit -q --allow-empty -m x"
    subprocess.run(["/bin/sh", "-c", script], cwd=folder, check=True)
    return Git(folder, ENVIRONMENT)


async def test_what_it_prints(repository: Git) -> None:
    assert await repository.lines("rev-parse", "--abbrev-ref", "HEAD") == ["main"]
    assert await repository.ask("rev-parse", "--is-bare-repository") == b"false\n"


async def test_what_it_cannot_answer(repository: Git) -> None:
    with pytest.raises(GitError, match="git rev-parse ended with 128"):
        await repository.ask("rev-parse", "--verify", "nothing")
    assert await repository.lines("config", "no.such", accept=(0, 1)) == []


@pytest.mark.parametrize(("path", "folder"), [("/nowhere", "."), (ENVIRONMENT["PATH"], "missing")])
async def test_what_cannot_be_started(repository: Git, path: str, folder: str) -> None:
    with pytest.raises(GitError, match="cannot be started"):
        await Git(repository.folder / folder, {"PATH": path}).ask("status")


async def test_not_more_than_fits(repository: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(GitError, match="printed more than"):
        await repository.ask("rev-parse", "HEAD")


async def test_not_longer_than_a_client_waits(repository: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    with pytest.raises(GitError, match="did not answer"):
        await Git(repository.folder, {"PATH": f"{tmp_path}:/bin:/usr/bin"}).ask("status")


async def test_another_repository_of_the_environment_does_not_count(repository: Git, tmp_path: Path) -> None:
    elsewhere = {name: str(tmp_path / "elsewhere") for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    git = Git(repository.folder, {**ENVIRONMENT, **elsewhere})
    assert await git.lines("rev-parse", "--show-toplevel") == [str(repository.folder)]


async def test_nothing_that_the_repository_configures_is_run(repository: Git, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(trap)], cwd=repository.folder, check=True)
    hook = repository.folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to(trap)
    (repository.folder / "file").write_text("x")
    await repository.ask("add", "file")
    assert await repository.lines("status", "--short") == ["A  file"]
    assert not (tmp_path / "sprung").exists()
