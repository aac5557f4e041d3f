"""A thread as a Markdown document, for editors to open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from spindled_protocol.types import (
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    ContextCompactionThreadItem,
    FileChangeThreadItem,
    PlanThreadItem,
    ReasoningThreadItem,
    TextUserInput,
    Thread,
    ThreadItem,
    Turn,
    UserMessageThreadItem,
)

__all__ = ["render", "write"]

MOST_OUTPUT = 4000


def write(folder: Path, thread: Thread) -> Path:
    """Keep the thread's document up to date; only its user can read it. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{thread.id}.md"
    temporary = folder / f".{thread.id}.{os.getpid()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(fd, "w", encoding="utf-8", errors="replace") as file:
        file.write(render(thread))
    os.replace(temporary, path)
    return path


def render(thread: Thread) -> str:
    title = (thread.name or thread.preview or "Thread").split("\n", 1)[0][:100]
    parts = [f"# {title}\n", f"Thread {thread.id} in {thread.cwd}\n"]
    for turn in thread.turns:
        parts += _turn(turn)
    return "\n".join(parts)


def _turn(turn: Turn) -> Iterator[str]:
    for item in turn.items:
        if text := _item(item):
            yield f"{text}\n"
    if turn.error is not None:
        yield f"**Failed:** {turn.error.message}\n"
    elif turn.status == "interrupted":
        yield "*Interrupted.*\n"


def _item(item: ThreadItem) -> str:
    match item:
        case UserMessageThreadItem():
            return "## You\n\n" + "\n".join(part.text for part in item.content if isinstance(part, TextUserInput))
        case AgentMessageThreadItem():
            return f"## Agent\n\n{item.text}"
        case ReasoningThreadItem():
            return "\n".join(f"> {line}" for part in item.summary for line in part.splitlines())
        case CommandExecutionThreadItem():
            return f"{_block('sh', item.command)}\n{_outcome(item)}"
        case FileChangeThreadItem():
            return "\n".join(
                f"`{change.path}` ({item.status})\n{_block('diff', change.diff)}" for change in item.changes
            )
        case PlanThreadItem():
            return item.text
        case ContextCompactionThreadItem():
            return "*Room was made in the conversation here.*"
    return ""


def _outcome(item: CommandExecutionThreadItem) -> str:
    output = (item.aggregatedOutput or "")[-MOST_OUTPUT:]
    ended = item.status if item.exitCode is None else f"{item.status}, exit code {item.exitCode}"
    return f"{_block('text', output)}\n*{ended}*" if output else f"*{ended}*"


def _block(language: str, text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
