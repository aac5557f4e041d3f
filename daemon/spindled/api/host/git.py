"""Which commit and branch a folder is at, read from .git without running git."""

from __future__ import annotations

import re
from pathlib import Path

from spindled_protocol.types import GitInfo

MAX_PARENTS = 64
NO_REFERENCE = "refs/heads/.invalid"  # in HEAD of a repository whose references are in tables
OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def git_info(folder: Path) -> GitInfo | None:
    """None outside a repository, or if it cannot be read."""
    git = git_folder(folder)
    if git is None:
        return None
    try:
        head = (git / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
    common = common_folder(git)
    reference = head.removeprefix("ref:").strip() if head.startswith("ref:") else None
    sha = head if reference is None else resolve(common, git, reference)
    branch = reference.removeprefix("refs/heads/") if reference and reference != NO_REFERENCE else None
    return GitInfo(sha=object_id(sha), branch=branch, originUrl=origin_url(common))


def git_folder(folder: Path) -> Path | None:
    """The .git folder that a working tree uses, also through a `gitdir:` file."""
    for parent in (folder, *folder.parents)[:MAX_PARENTS]:
        git = parent / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            target = first_line(git).removeprefix("gitdir:").strip()
            return (parent / target) if target else None
    return None


def common_folder(git: Path) -> Path:
    """Where a linked working tree keeps what it shares."""
    common = first_line(git / "commondir")
    return (git / common).resolve() if common else git


def resolve(common: Path, git: Path, reference: str) -> str | None:
    if not reference.startswith("refs/") or ".." in reference:
        return None  # it could name any file
    for base in (git, common):
        if sha := first_line(base / reference):
            return sha
    try:
        packed = (common / "packed-refs").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return next((line.split()[0] for line in packed.splitlines() if line.endswith(f" {reference}")), None)


def object_id(text: str | None) -> str | None:
    return text if text and OBJECT_ID.fullmatch(text) else None


def origin_url(common: Path) -> str | None:
    """remote "origin"'s url, without credentials that may be in it."""
    try:
        lines = (common / "config").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line
        elif section == '[remote "origin"]' and line.split("=")[0].strip() == "url":
            return without_credentials(line.partition("=")[2].strip())
    return None


def without_credentials(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}" if separator else url


def first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(4096).strip()
    except OSError:
        return ""
