from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from spindled.api.host.git import git_info, without_credentials


def git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **identity}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def seen(folder: Path) -> tuple[str | None, str | None, str | None]:
    info = git_info(folder)
    assert info is not None
    return info.sha, info.branch, info.originUrl


def test_a_branch(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert seen(repository) == (head, "main", None)
    (repository / "a" / "b").mkdir(parents=True)
    assert seen(repository / "a" / "b") == (head, "main", None)
    git(repository, "switch", "-q", "-c", "feature/new")
    assert seen(repository)[1] == "feature/new"


def test_a_detached_head(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    assert seen(repository) == (git(repository, "rev-parse", "HEAD"), None, None)


def test_packed_references(repository: Path) -> None:
    git(repository, "branch", "xmain")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()
    assert seen(repository)[:2] == (git(repository, "rev-parse", "HEAD"), "main")


def test_a_linked_working_tree(repository: Path, tmp_path: Path) -> None:
    git(repository, "remote", "add", "origin", "https://example.org/r.git")
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    git(tmp_path / "side", "commit", "-q", "--allow-empty", "-m", "second")
    assert seen(tmp_path / "side") == (git(tmp_path / "side", "rev-parse", "HEAD"), "side", "https://example.org/r.git")
    assert seen(repository)[1] == "main"


def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    assert seen(tmp_path) == (None, "trunk", None)


def test_outside_a_repository(tmp_path: Path) -> None:
    assert git_info(tmp_path) is None
    (tmp_path / ".git").write_text("gitdir: /nonexistent\n")
    assert git_info(tmp_path) is None
    (tmp_path / ".git").write_bytes(b"\xff\xfe")
    assert git_info(tmp_path) is None


def test_credentials_stay_out_of_the_url(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://user:secret@example.org:8443/r.git")
    git(repository, "remote", "add", "other", "https://example.org/other.git")
    assert seen(repository)[2] == "https://example.org:8443/r.git"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@example.org/a@b", "https://example.org/a@b"),
        ("https://u:p@ss@example.org/x", "https://example.org/x"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("/srv/r.git", "/srv/r.git"),
        ("ssh://git@example.org/r", "ssh://example.org/r"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    "head", ["ref: ../../secret", "ref: /etc/passwd", "ref: refs/../../secret", "ref:", "", "secret"]
)
def test_a_head_that_leads_elsewhere_gives_nothing_away(repository: Path, head: str) -> None:
    (repository / "secret").write_text("hunter2\n")
    (repository / ".git" / "secret").write_text("hunter2\n")
    (repository / ".git" / "HEAD").write_text(head)
    assert seen(repository)[0] is None


def test_references_in_tables_are_not_read(repository: Path) -> None:
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    assert seen(repository) == (None, None, None)
