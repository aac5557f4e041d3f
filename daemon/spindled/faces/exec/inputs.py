"""What a run is given: the prompt, images, a schema for the answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled_protocol.types import LocalImageUserInput, TextUserInput

if TYPE_CHECKING:
    from spindled.faces.exec.options import ExecOptions
    from spindled_protocol.types import UserInput

__all__ = ["ExecError", "read_prompt", "read_schema", "user_input"]


class ExecError(Exception):
    """Why no turn can run; the text is for the user."""


def read_prompt(options: ExecOptions, say: Callable[[str], None]) -> str:
    """The prompt of the command line, of stdin, or of both. Slow: waits for the end of stdin. Raises ExecError."""
    given = options.prompt
    piped = sys.stdin is not None and not sys.stdin.isatty()
    if given is None and not piped:
        raise ExecError("No prompt: give one as an argument, or on stdin.")
    if given is not None and (not piped or options.resume):
        return given
    say("Reading prompt from stdin...\n" if given is None else "Reading additional input from stdin...\n")
    try:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    except OSError as error:
        raise ExecError(f"cannot read stdin: {error.strerror}") from error
    if given is None:
        if not text.strip():
            raise ExecError("No prompt provided via stdin.")
        return text
    return f"{given}\n\n<stdin>\n{text.removesuffix(chr(10))}\n</stdin>" if text.strip() else given


def read_schema(path: str | None) -> Any:
    """None without one. Raises ExecError."""
    if path is None:
        return None
    try:
        return json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ExecError(f"Failed to read output schema file {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ExecError(f"Output schema file {path} is not valid JSON: {error}") from error


def user_input(options: ExecOptions, prompt: str) -> list[UserInput]:
    """Images first, as they are named: relative to where the command was called."""
    images = [LocalImageUserInput(path=os.path.abspath(path)) for path in options.images]
    return [*images, TextUserInput(text=prompt)]
