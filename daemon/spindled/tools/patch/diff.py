"""Unified diffs: of one change, and of everything a turn changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from spindled.tools.base import FileSnapshot

_NO_NEWLINE = "\\ No newline at end of file\n"
_NO_BLOB = "0" * 40
_FINE_LINES = 2000  # beyond this many changed lines a coarser, faster comparison does

OpCode = tuple[str, int, int, int, int]


def unified(before: str, after: str, context: int) -> str:
    """The body of a unified diff (from the first @@), "" for equal texts."""
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    return "".join(line for group in _groups(_opcodes(old, new), context) for line in _hunk(group, old, new))


class TurnDiff:
    """What a turn did to files, first text against last; git-style, ordered by path.

    Paths are shown relative to the repository around `cwd`, else to `cwd`.
    """

    def __init__(self, cwd: Path) -> None:
        self._root = next((folder for folder in (cwd, *cwd.parents) if (folder / ".git").exists()), cwd)
        self._files: dict[Path, _File] = {}

    def add(self, changes: Sequence[FileSnapshot]) -> None:
        for change in changes:
            origin, before = change.path, change.before
            if known := self._files.pop(change.moved_from or change.path, None):
                origin, before = known.origin, known.before
            elif change.moved_from:
                origin = change.moved_from
            self._files[change.path] = self._file(origin, change.path, before, change.after)

    def render(self) -> str:
        """The whole diff, "" when the files are what they were."""
        return "".join(self._files[path].diff for path in sorted(self._files, key=self._name))

    def _file(self, origin: Path, path: Path, before: str | None, after: str | None) -> _File:
        diff = git_diff(self._name(origin), self._name(path), before, after)
        return _File(origin, before, diff)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)


class _File(NamedTuple):
    origin: Path
    before: str | None
    diff: str


def git_diff(old_name: str, new_name: str, before: str | None, after: str | None) -> str:
    """One file's part of a git-style diff, with its headers."""
    if before == after and (old_name == new_name or before is None):
        return ""
    mode = ""
    if before is None:
        mode = "new file mode 100644\n"
    elif after is None:
        mode = "deleted file mode 100644\n"
    old = "/dev/null" if before is None else f"a/{old_name}"
    new = "/dev/null" if after is None else f"b/{new_name}"
    return (
        f"diff --git a/{old_name} b/{new_name}\n{mode}index {_blob(before)}..{_blob(after)}\n"
        f"--- {old}\n+++ {new}\n{unified(before or '', after or '', 3)}"
    )


def _blob(text: str | None) -> str:
    """The object id that git gives this content."""
    if text is None:
        return _NO_BLOB
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _opcodes(old: list[str], new: list[str]) -> list[OpCode]:
    """Edits of the whole; only what lies between the common start and the common end is compared."""
    shortest = min(len(old), len(new))
    start = next((index for index in range(shortest) if old[index] != new[index]), shortest)
    end = next((index for index in range(shortest - start) if old[-1 - index] != new[-1 - index]), shortest - start)
    old_end, new_end = len(old) - end, len(new) - end
    fine = max(old_end, new_end) - start <= _FINE_LINES
    middle = SequenceMatcher(None, old[start:old_end], new[start:new_end], autojunk=not fine).get_opcodes()
    codes = [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in middle]
    return [("equal", 0, start, 0, start), *codes, ("equal", old_end, len(old), new_end, len(new))]


def _groups(codes: list[OpCode], context: int) -> Iterator[list[OpCode]]:
    """Changes with up to `context` kept lines around; those whose context touches share a group."""
    group: list[OpCode] = []
    for index, (tag, a, b, c, d) in enumerate(codes):
        if tag != "equal":
            group.append((tag, a, b, c, d))
            continue
        last = index == len(codes) - 1
        if group and (last or b - a > 2 * context):
            kept = min(context, b - a)
            yield [*group, (tag, a, a + kept, c, c + kept)]
            group = []
        if not last:
            kept = b - a if group else min(context, b - a)
            group.append((tag, b - kept, b, d - kept, d))


def _hunk(group: list[OpCode], old: list[str], new: list[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    for tag, a, b, c, d in group:
        if tag == "equal":
            yield from (_line(" ", line) for line in old[a:b])
        else:
            yield from (_line("-", line) for line in old[a:b])
            yield from (_line("+", line) for line in new[c:d])


def _line(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n{_NO_NEWLINE}"


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1 if length else start}" + ("" if length == 1 else f",{length}")
