"""What is to be reviewed: checked, named for the user, and told to the reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.prompt.inputs import InputError
from spindled.agent.review.merge_base import merge_base
from spindled_protocol.types import (
    BaseBranchReviewTarget,
    CommitReviewTarget,
    CustomReviewTarget,
    UncommittedChangesReviewTarget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spindled_protocol.types import ReviewTarget

SHORT_SHA = 7


def checked(target: ReviewTarget) -> ReviewTarget:
    """The target without white space around its words; raises InputError if nothing is left of them."""
    if isinstance(target, BaseBranchReviewTarget):
        return BaseBranchReviewTarget(branch=filled("branch", target.branch))
    if isinstance(target, CommitReviewTarget):
        return CommitReviewTarget(sha=filled("sha", target.sha), title=(target.title or "").strip() or None)
    if isinstance(target, CustomReviewTarget):
        return CustomReviewTarget(instructions=filled("instructions", target.instructions))
    return target


def filled(name: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise InputError(f"{name} must not be empty")
    return text


def hint(target: ReviewTarget) -> str:
    """A few words for the user."""
    match target:
        case UncommittedChangesReviewTarget():
            return "current changes"
        case BaseBranchReviewTarget(branch=branch):
            return f"changes against '{branch}'"
        case CommitReviewTarget(sha=sha, title=title):
            return f"commit {sha[:SHORT_SHA]}" + (f": {title}" if title else "")
        case CustomReviewTarget(instructions=instructions):
            return instructions


async def request(target: ReviewTarget, cwd: Path, environment: Mapping[str, str]) -> str:
    """What the reviewer is asked for."""
    match target:
        case UncommittedChangesReviewTarget():
            return "Review what is not committed yet: staged and unstaged changes, and new files."
        case CommitReviewTarget(sha=sha, title=title):
            return f"Review what commit {sha} changes" + (f" ({title})." if title else ".")
        case CustomReviewTarget(instructions=instructions):
            return instructions
        case BaseBranchReviewTarget(branch=branch):
            base = await merge_base(branch, cwd, environment)
            if base is None:
                return (
                    f"Review what would be merged into the branch {branch}. Find the commit where the two part "
                    "(`git merge-base`, with the branch or what it follows), and look at the diff against it."
                )
            return (
                f"Review what would be merged into the branch {branch}. The two part at commit {base}: "
                f"`git diff {base}` shows the changes."
            )
