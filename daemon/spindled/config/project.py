"""AGENTS.md: the instructions that a project and its user leave for the model."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from spindled.config.home.files import read_bounded
from spindled.config.schema import Config
from spindled.config.trust import downward

FILE_NAMES = ("AGENTS.override.md", "AGENTS.md")


class ProjectDoc(NamedTuple):
    """One file of instructions; `path` is what the wire lists in `instructionSources`."""

    path: Path
    text: str
    truncated: bool = False


class ProjectDocs(NamedTuple):
    """The user's document first, then the project's from its root downwards; and the files that were left out, why."""

    home: ProjectDoc | None
    project: tuple[ProjectDoc, ...]
    skipped: tuple[tuple[Path, str], ...] = ()

    @property
    def sources(self) -> list[Path]:
        return [doc.path for doc in (self.home, *self.project) if doc]


class _Skipped(Exception):
    pass


def project_docs(config: Config) -> ProjectDocs:
    """The documents for a working directory.

    In each folder the first of AGENTS.override.md, AGENTS.md and the configured fallback names counts. The project's
    documents share `project_doc_max_bytes` (0: none are read); the one that reaches it is cut, the rest is left out.
    The document of the home directory has a budget of its own, of the same size.
    """
    settings = config.settings
    limit = settings.project_doc_max_bytes
    names = (*FILE_NAMES, *settings.project_doc_fallback_filenames)
    skipped: list[tuple[Path, str]] = []
    home = _first(config.home, FILE_NAMES, limit, None, skipped)
    # A link may lead out of a project only if the user trusts it: its target goes to the model provider.
    fence = None if config.trust == "trusted" else config.project_root
    docs: list[ProjectDoc] = []
    left = limit
    for folder in downward(config.project_root, config.cwd.resolve()):
        if left <= 0:
            break
        if folder == config.home:
            continue
        if doc := _first(folder, names, left, fence, skipped):
            docs.append(doc)
            left -= left if doc.truncated else len(doc.text.encode())
    return ProjectDocs(home, tuple(docs), tuple(skipped))


def _first(
    folder: Path, names: Sequence[str], limit: int, fence: Path | None, skipped: list[tuple[Path, str]]
) -> ProjectDoc | None:
    for name in names:
        path = folder / name
        try:
            doc = _read(path, limit, fence)
        except _Skipped as reason:
            skipped.append((path, str(reason)))
            continue
        if doc:
            return doc if doc.text.strip() else None
    return None


def _read(path: Path, limit: int, fence: Path | None) -> ProjectDoc | None:
    """At most `limit` bytes as text, bad UTF-8 replaced. None if there is no such file."""
    if limit <= 0:
        return None
    try:
        if fence and path.exists() and not path.resolve().is_relative_to(fence.resolve()):
            raise _Skipped("links out of the project, which is not trusted")
        data = read_bounded(path, limit)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, RuntimeError) as error:  # RuntimeError: a symlink loop, before Python 3.13
        raise _Skipped(getattr(error, "strerror", None) or str(error)) from error
    truncated = len(data) > limit
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data[:limit], final=not truncated)
    return ProjectDoc(path, text.removeprefix("\ufeff"), truncated)
