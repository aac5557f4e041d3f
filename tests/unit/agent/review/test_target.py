from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spindled.agent.prompt.inputs import InputError
from spindled.agent.review.merge_base import merge_base
from spindled.agent.review.target import checked, hint, request
from spindled_protocol.types import (
    BaseBranchReviewTarget,
    CommitReviewTarget,
    CustomReviewTarget,
    UncommittedChangesReviewTarget,
)

COMMIT = "git -c user.email=a@b -c user.name=n commit -q --allow-empty -m x"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    script = f"git init -q -b main . && {COMMIT} && git checkout -q -b feature && {COMMIT}"
    subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (BaseBranchReviewTarget(branch=" "), "branch must not be empty"),
        (CommitReviewTarget(sha=""), "sha must not be empty"),
        (CustomReviewTarget(instructions="\n"), "instructions must not be empty"),
    ],
)
def test_targets_that_are_empty(target: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        checked(target)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (UncommittedChangesReviewTarget(), "current changes"),
        (BaseBranchReviewTarget(branch=" main "), "changes against 'main'"),
        (CommitReviewTarget(sha="abcdef1234567", title="Fix it"), "commit abcdef1: Fix it"),
        (CommitReviewTarget(sha="abcdef1234567", title=" "), "commit abcdef1"),
        (CustomReviewTarget(instructions=" look "), "look"),
    ],
)
async def test_what_users_and_reviewers_are_told(tmp_path: Path, target: Any, words: str) -> None:
    target = checked(target)
    assert hint(target) == words
    asked = await request(target, tmp_path, ENVIRONMENT)
    assert (getattr(target, "sha", None) or getattr(target, "branch", None) or "") in asked


async def test_where_branches_part(repository: Path) -> None:
    main = subprocess.run(["git", "rev-parse", "main"], cwd=repository, capture_output=True, check=True, text=True)
    assert await merge_base("main", repository, ENVIRONMENT) == main.stdout.strip()
    asked = await request(BaseBranchReviewTarget(branch="main"), repository, ENVIRONMENT)
    assert f"git diff {main.stdout.strip()}" in asked


@pytest.mark.parametrize("branch", ["nope", "--all", "-h", "main feature"])
async def test_branches_that_git_does_not_know(repository: Path, branch: str) -> None:
    assert await merge_base(branch, repository, ENVIRONMENT) is None


async def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await merge_base("main", tmp_path, {"PATH": str(tmp_path)}) is None
