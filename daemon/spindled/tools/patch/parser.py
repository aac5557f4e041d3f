"""Patch text to operations on files, and back.

*** Begin Patch
*** Add File: PATH          then lines with +
*** Delete File: PATH
*** Update File: PATH       then perhaps "*** Move to: PATH", then hunks
@@ ANCHOR                   a line above the change; may repeat, outermost first; may be bare
 kept / -removed / +added
*** End of File             the hunk is at the end of the file
*** End Patch
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_ADD, _DELETE, _UPDATE = "*** Add File: ", "*** Delete File: ", "*** Update File: "
_MOVE, _END_OF_FILE = "*** Move to: ", "*** End of File"
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1\n(.*)\n\2", re.DOTALL)


class PatchError(ValueError):
    """A patch that cannot be read or does not fit; the message is for the model, with the patch's line number."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """`lines`: (mark, text) with the marks " ", "-" and "+". `number` counts from 1 within its file."""

    lines: tuple[tuple[str, str], ...]
    anchors: tuple[str, ...] = ()
    at_end: bool = False
    number: int = 1

    @property
    def old(self) -> list[str]:
        return [text for mark, text in self.lines if mark != "+"]


@dataclass(frozen=True, slots=True)
class AddFile:
    path: str
    content: str


@dataclass(frozen=True, slots=True)
class DeleteFile:
    path: str


@dataclass(frozen=True, slots=True)
class UpdateFile:
    path: str
    hunks: tuple[Hunk, ...]
    move_to: str | None = None


Operation = AddFile | DeleteFile | UpdateFile


def parse(text: str) -> list[Operation]:
    """The operations in order. Raises PatchError."""
    lines = _Lines(text)
    if lines.peek() != _BEGIN:
        raise lines.error(f"the patch must begin with '{_BEGIN}'")
    lines.take()
    operations: list[Operation] = []
    while (line := lines.peek()) != _END:
        if line is None:
            raise lines.error(f"'{_END}' is missing")
        if line:
            operations.append(_operation(lines))
        else:
            lines.take()
    lines.take()
    if any(lines.rest()):
        raise lines.error(f"there is text after '{_END}'")
    if not operations:
        raise PatchError("the patch is empty: it names no file")
    return operations


def render(operations: list[Operation]) -> str:
    """The canonical text of operations: `parse(render(x)) == x`."""
    lines = [_BEGIN]
    for operation in operations:
        lines += _rendered(operation)
    return "\n".join([*lines, _END]) + "\n"


class _Lines:
    """A cursor over the patch's lines; headers and markers are seen without trailing space."""

    def __init__(self, text: str) -> None:
        text = text.strip("\r\n \t")
        if wrapped := _HEREDOC.fullmatch(text.replace("\r\n", "\n")):
            text = wrapped[3].strip("\r\n \t")
        lines = text.split("\n")
        if all(line.endswith("\r") for line in lines[:-1]):
            lines = [line.removesuffix("\r") for line in lines]
        self._lines = lines
        self._at = 0

    def peek(self) -> str | None:
        """The next line: whole if it is content, stripped at the end if it is a marker or blank."""
        if self._at >= len(self._lines):
            return None
        line = self._lines[self._at]
        return line.rstrip() if line.startswith(("***", "@@")) else line

    def take(self) -> str:
        line = self.peek()
        if line is None:
            raise self.error("the patch ends too early")
        self._at += 1
        return line

    def rest(self) -> Iterator[str]:
        return (line.strip() for line in self._lines[self._at :])

    def error(self, message: str) -> PatchError:
        return PatchError(f"line {min(self._at, len(self._lines) - 1) + 1}: {message}")


def _operation(lines: _Lines) -> Operation:
    header = lines.peek() or ""
    for prefix, read in ((_ADD, _add), (_DELETE, _delete), (_UPDATE, _update)):
        if header.startswith(prefix.rstrip()):
            path = header[len(prefix) :].strip()
            if not path or "\0" in path:
                raise lines.error("the header names no file")
            lines.take()
            return read(lines, path)
    raise lines.error(
        f"'{header[:80]}' is no file header; expected '{_ADD.rstrip()}', '{_DELETE.rstrip()}' or '{_UPDATE.rstrip()}'"
    )


def _add(lines: _Lines, path: str) -> AddFile:
    content = []
    while (line := lines.peek()) is not None and line.startswith("+"):
        content.append(line[1:] + "\n")
        lines.take()
    _end_of_section(lines, "a line of a new file must start with '+'")
    return AddFile(path, "".join(content))


def _delete(lines: _Lines, path: str) -> DeleteFile:
    _end_of_section(lines, "only another header may follow a deletion")
    return DeleteFile(path)


def _update(lines: _Lines, path: str) -> UpdateFile:
    move_to = None
    if (line := lines.peek()) is not None and line.startswith(_MOVE):
        move_to = lines.take()[len(_MOVE) :].strip()
        if not move_to or "\0" in move_to:
            raise lines.error("the move names no file")
    hunks: list[Hunk] = []
    while not _at_header(lines):
        hunks.append(_hunk(lines, len(hunks) + 1))
    if not hunks and move_to is None:
        raise lines.error(f"the update of {path} has no hunk")
    return UpdateFile(path, tuple(hunks), move_to)


def _hunk(lines: _Lines, number: int) -> Hunk:
    anchors: list[str] = []
    while (line := lines.peek()) is not None and (line == "@@" or line.startswith("@@ ")):
        if line != "@@":
            anchors.append(line[3:])
        lines.take()
    content: list[tuple[str, str]] = []
    blank = 0  # lines without even a space at the end of the hunk so far: layout between hunks, or kept empty lines
    while (line := lines.peek()) is not None and not line.startswith(("***", "@@")):
        if line and line[0] not in " -+":
            raise lines.error(f"hunk {number}: a line must start with ' ', '-' or '+', not {line[0]!r}")
        content.append((line[:1] or " ", line[1:]))
        blank = 0 if line else blank + 1
        lines.take()
    content = content[: len(content) - blank]
    if not content:
        raise lines.error(f"hunk {number} has no lines")
    at_end = lines.peek() == _END_OF_FILE
    if at_end:
        lines.take()
    return Hunk(tuple(content), tuple(anchors), at_end, number)


def _at_header(lines: _Lines) -> bool:
    line = lines.peek()
    while line == "":
        lines.take()
        line = lines.peek()
    if line is None:
        raise lines.error(f"'{_END}' is missing")
    return line.startswith((_ADD, _DELETE, _UPDATE)) or line == _END


def _end_of_section(lines: _Lines, message: str) -> None:
    if not _at_header(lines):
        raise lines.error(message)


def _rendered(operation: Operation) -> Iterator[str]:
    if isinstance(operation, AddFile):
        yield _ADD + operation.path
        yield from ("+" + line for line in operation.content.split("\n")[:-1])
    elif isinstance(operation, DeleteFile):
        yield _DELETE + operation.path
    else:
        yield _UPDATE + operation.path
        if operation.move_to is not None:
            yield _MOVE + operation.move_to
        for hunk in operation.hunks:
            yield from [f"@@ {anchor}" for anchor in hunk.anchors] or ["@@"]
            yield from (mark + text for mark, text in hunk.lines)
            if hunk.at_end:
                yield _END_OF_FILE
