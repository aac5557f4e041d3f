"""A parsed patch against files: everything is read, located and computed before anything is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spindled.tools.files.text_files import FileChangeError, FileEdit
from spindled.tools.patch.matcher import locate, replaced
from spindled.tools.patch.parser import AddFile, DeleteFile, Hunk, Operation, PatchError, UpdateFile

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One operation with its outcome. Paths are absolute; `before`/`after` are whole texts, None for no file.

    `edits`: what it does to files, each resolved, after the changes before it.
    """

    kind: Literal["add", "delete", "update"]
    path: Path
    name: str  # as the patch has it
    before: str | None
    after: str | None
    move_to: Path | None = None
    edits: Sequence[FileEdit]

    @property
    def targets(self) -> list[Path]:
        return [edit.path for edit in self.edits]


@dataclass(slots=True)
class Plan:
    """What a patch comes to. `targets`: every file it touches, resolved, with all that is done to it."""

    read: Callable[[Path], str | None]
    changes: list[Change] = field(default_factory=list)
    targets: dict[Path, FileEdit] = field(default_factory=dict)

    def text(self, target: Path) -> str | None:
        """As the changes so far leave it. Raises FileChangeError."""
        return self.targets[target].after if target in self.targets else self.read(target)

    def add(self, change: Change) -> None:
        for edit in change.edits:
            first = self.targets.get(edit.path, edit)
            mode_from = edit.mode_from or first.mode_from
            self.targets[edit.path] = edit._replace(before=first.before, mode_from=mode_from)
        self.changes.append(change)

    def only(self, paths: Container[str]) -> Plan:
        """The plan of the changes of these paths alone. Raises PatchError if one of them builds on one left out."""
        chosen = Plan({path: edit.before for path, edit in self.targets.items()}.__getitem__)
        for change in self.changes:
            if str(change.path) not in paths:
                continue
            if any(chosen.text(edit.path) != edit.before for edit in change.edits):
                raise PatchError(f"the change of {change.name} builds on one that is left out")
            chosen.add(change)
        return chosen


def plan(operations: Sequence[Operation], cwd: Path, read: Callable[[Path], str | None]) -> Plan:
    """Work out the result of every operation without writing; `read` as `TextFiles.read`. Raises PatchError."""
    result = Plan(read)
    for operation in operations:
        path = Path(os.path.normpath(cwd / operation.path))
        try:
            if isinstance(operation, AddFile):
                result.add(_add(result, operation, path))
            elif isinstance(operation, DeleteFile):
                result.add(_delete(result, operation, path))
            else:
                result.add(_update(result, operation, path, cwd))
        except FileChangeError as error:
            raise PatchError(f"{operation.path}: {error}") from error
    return result


def edits(result: Plan) -> list[FileEdit]:
    """What is to be written for the plan."""
    return [edit for edit in result.targets.values() if edit.before != edit.after]


def _add(result: Plan, operation: AddFile, path: Path) -> Change:
    edit = _edit(result, _followed(path), operation.content)
    return Change(kind="add", path=path, name=operation.path, before=edit.before, after=operation.content, edits=[edit])


def _delete(result: Plan, operation: DeleteFile, path: Path) -> Change:
    before = result.text(_followed(path))
    if before is None:
        raise FileChangeError("there is no such file to delete")
    return Change(
        kind="delete", path=path, name=operation.path, before=before, after=None, edits=[_removal(result, path)]
    )


def _update(result: Plan, operation: UpdateFile, path: Path, cwd: Path) -> Change:
    target = _followed(path)
    before = result.text(target)
    if before is None:
        raise FileChangeError("there is no such file to update")
    after = updated(before, operation.hunks, operation.path)
    if operation.move_to is None:
        edit = FileEdit(path=target, before=before, after=after)
        return Change(kind="update", path=path, name=operation.path, before=before, after=after, edits=[edit])
    move_to = Path(os.path.normpath(cwd / operation.move_to))
    destination = _followed(move_to)
    made = [_edit(result, destination, after)._replace(mode_from=path)]
    if destination != target:
        made.append(_removal(result, path))
    return Change(
        kind="update", path=path, name=operation.path, before=before, after=after, move_to=move_to, edits=made
    )


def _edit(result: Plan, target: Path, after: str | None) -> FileEdit:
    return FileEdit(path=target, before=result.text(target), after=after)


def _removal(result: Plan, path: Path) -> FileEdit:
    """The name goes away: of a symlink only the link itself."""
    return _edit(result, _entry(path), None)


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
