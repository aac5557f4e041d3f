"""A parsed patch against files: everything is read, located and computed before anything is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spindled.tools.patch.matcher import locate, replaced
from spindled.tools.patch.parser import AddFile, DeleteFile, Hunk, Operation, PatchError, UpdateFile
from spindled.tools.text_files import FileChangeError, FileEdit

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One operation with its outcome. Paths are absolute; `before`/`after` are whole texts, None for no file."""

    kind: Literal["add", "delete", "update"]
    path: Path
    name: str  # as the patch has it
    before: str | None
    after: str | None
    move_to: Path | None = None


@dataclass(slots=True)
class Plan:
    """What a patch comes to. `targets`: every file it touches, resolved, with its text before and after."""

    read: Callable[[Path], str | None]
    changes: list[Change] = field(default_factory=list)
    targets: dict[Path, tuple[str | None, str | None]] = field(default_factory=dict)

    def _read(self, target: Path) -> str | None:
        return self.targets[target][1] if target in self.targets else self.read(target)

    def _set(self, target: Path, after: str | None) -> None:
        before = self.targets[target][0] if target in self.targets else self.read(target)
        self.targets[target] = (before, after)


def plan(operations: Sequence[Operation], cwd: Path, read: Callable[[Path], str | None]) -> Plan:
    """Work out the result of every operation without writing; `read` as `TextFiles.read`. Raises PatchError."""
    result = Plan(read)
    for operation in operations:
        path = Path(os.path.normpath(cwd / operation.path))
        try:
            if isinstance(operation, AddFile):
                result.changes.append(_add(result, operation, path))
            elif isinstance(operation, DeleteFile):
                result.changes.append(_delete(result, operation, path))
            else:
                result.changes.append(_update(result, operation, path, cwd))
        except FileChangeError as error:
            raise PatchError(f"{operation.path}: {error}") from error
    return result


def edits(result: Plan) -> list[FileEdit]:
    """What is to be written for the plan."""
    moved = {_followed(change.move_to): change.path for change in result.changes if change.move_to is not None}
    return [
        FileEdit(path=target, before=before, after=after, mode_from=moved.get(target))
        for target, (before, after) in result.targets.items()
        if before != after
    ]


def _add(result: Plan, operation: AddFile, path: Path) -> Change:
    target = _followed(path)
    before = result._read(target)
    result._set(target, operation.content)
    return Change(kind="add", path=path, name=operation.path, before=before, after=operation.content)


def _delete(result: Plan, operation: DeleteFile, path: Path) -> Change:
    before = result._read(_followed(path))
    if before is None:
        raise FileChangeError("there is no such file to delete")
    _remove(result, path)
    return Change(kind="delete", path=path, name=operation.path, before=before, after=None)


def _update(result: Plan, operation: UpdateFile, path: Path, cwd: Path) -> Change:
    target = _followed(path)
    before = result._read(target)
    if before is None:
        raise FileChangeError("there is no such file to update")
    after = updated(before, operation.hunks, operation.path)
    if operation.move_to is None:
        result._set(target, after)
        return Change(kind="update", path=path, name=operation.path, before=before, after=after)
    move_to = Path(os.path.normpath(cwd / operation.move_to))
    destination = _followed(move_to)
    result._set(destination, after)
    if destination != target:
        _remove(result, path)
    return Change(kind="update", path=path, name=operation.path, before=before, after=after, move_to=move_to)


def _remove(result: Plan, path: Path) -> None:
    """The name goes away: of a symlink only the link itself."""
    result._set(_entry(path), None)


def _followed(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _entry(path: Path) -> Path:
    return Path(os.path.realpath(path.parent)) / path.name


def updated(before: str, hunks: Sequence[Hunk], path: str) -> str:
    """The text with the hunks applied. Line endings, a byte order mark and untouched lines stay as they are."""
    mark = _BOM if before.startswith(_BOM) else ""
    whole = before.removeprefix(_BOM).split("\n")
    open_end = whole.pop()  # text after the last newline
    if open_end:
        whole.append(open_end)
    lines = [line.removesuffix("\r") for line in whole]
    endings = ["\r\n" if line.endswith("\r") else "\n" for line in whole]
    usual = "\r\n" if endings.count("\r\n") * 2 > len(endings) else "\n"
    if open_end:
        # The last line may end in a carriage return without being a CRLF line.
        lines[-1], endings[-1] = open_end, ""
    pieces: list[str] = []
    cursor = 0
    for hunk, start in locate(lines, hunks, path):
        end = start + len(hunk.old)
        pieces += [line + ending for line, ending in zip(lines[cursor:start], endings[cursor:start], strict=True)]
        pieces += _spliced(lines[start:end], endings[start:end], hunk, usual)
        cursor = end
    pieces += [line + ending for line, ending in zip(lines[cursor:], endings[cursor:], strict=True)]
    # Lines after what was the unterminated end must not run into it.
    pieces = [piece if piece.endswith("\n") else piece + usual for piece in pieces[:-1]] + pieces[-1:]
    return mark + "".join(pieces)


def _spliced(old: list[str], endings: list[str], hunk: Hunk, usual: str) -> list[str]:
    kept = iter(zip(old, endings, strict=True))
    lines = []
    texts = iter(replaced(old, hunk))
    for mark, _ in hunk.lines:
        ending = usual if mark == "+" else next(kept)[1]
        if mark != "-":
            lines.append(next(texts) + ending)
    return lines
