"""The read_file tool: a text file as its user sees it, for threads whose files an editor may hold unsaved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput
from spindled.tools.commands.shell import working_directory
from spindled.tools.files.text_files import FileChangeError

MOST_LINES = 2000


class ReadArguments(Struct):
    path: str
    first_line: int = 1
    lines: int = MOST_LINES


class ReadFile:
    name = "read_file"
    parallel = True

    def offered(self, options: ToolOptions) -> bool:
        return options.read_file

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        path = {"type": "string", "description": "The file; relative to the working directory."}
        first = {"type": "integer", "description": "The first line to read, from 1. Default 1."}
        lines = {"type": "integer", "description": f"How many lines, at most {MOST_LINES}."}
        text = (
            "Read a text file as the user sees it: with what is typed in the editor and not saved yet, "
            "which commands such as cat do not see."
        )
        return function_spec(self.name, text, {"path": path, "first_line": first, "lines": lines}, "path")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        told = decode(call, ReadArguments)
        path = working_directory(told.path, context.cwd)
        try:
            text = context.files.read(Path(path))
        except FileChangeError as error:
            raise ToolError(f"{told.path} {error}.") from error
        if text is None:
            raise ToolError(f"{told.path}: there is no such file.")
        return ToolOutput(_part(text, max(told.first_line, 1), min(max(told.lines, 1), MOST_LINES)))


def _part(text: str, first: int, count: int) -> str:
    """The lines asked for, with a note of what is left out."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    shown = "\n".join(lines[first - 1 : first - 1 + count])
    whole = first == 1 and len(lines) <= count
    return shown if whole else f"{shown}\n[lines {first} to {min(first - 1 + count, len(lines))} of {len(lines)}]"
