"""Writes a stored thread: python long_thread.py HOME FOLDER ITEMS. Prints its id.

Turns of ten items, as an agent at work leaves them: a question, thoughts, commands, a patch, text with code.
"""

from __future__ import annotations

import sys
from pathlib import Path

from spindled.store.ids import new_id
from spindled.store.rollout import rows
from spindled.store.rollout.rows import Row, SessionMeta, TurnContext
from spindled.store.threads import ThreadStore
from spindled_protocol.types import (
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    FileChangeThreadItem,
    FileUpdateChange,
    ReasoningThreadItem,
    TextUserInput,
    ThreadItem,
    UpdatePatchChangeKind,
    UserMessageThreadItem,
)

ITEMS_OF_A_TURN = 10
STARTED = 1_700_000_000
PROSE = "The spindle turns, and what it winds up has to be as long as what was spun. "
CODE = "```python\ndef wind(thread: list[str], turns: int) -> int:\n    return sum(map(len, thread)) * turns\n```"
TABLE = "| part | turns |\n| --- | --- |\n| whorl | 12 |\n| hook | 3 |\n\n- one\n- two\n- **three**"
DIFF = "@@ -1,3 +1,3 @@\n one\n-two\n+three\n four\n"


def main() -> None:
    home, folder, items = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    store = ThreadStore(home)
    meta = SessionMeta(
        id=new_id(),
        cwd=folder,
        originator="tests",
        cli_version="0",
        source="vscode",
        model_provider="scripted",
        history_mode="paginated",
    )
    writer = store.create(meta)
    for number in range(items // ITEMS_OF_A_TURN):
        writer.append(turn(writer.thread_id, number, folder))
    store.set_name(writer.thread_id, f"A thread of {items} items")
    writer.close()
    store.close()
    sys.stdout.write(f"{writer.thread_id}\n")


def turn(thread_id: str, number: int, folder: str) -> list[Row]:
    turn_id = new_id()
    context = TurnContext(
        turn_id=turn_id,
        cwd=folder,
        approval_policy="on-request",
        sandbox_policy={"type": "workspace-write"},
        model="scripted",
    )
    return [
        rows.task_started(turn_id, turn_id, STARTED + number, 128_000),
        rows.turn_context(context),
        *(rows.item_completed(thread_id, turn_id, item) for item in work(number, folder)),
        rows.task_complete(turn_id, "Done.", STARTED + number, STARTED + number + 1, 1000),
    ]


def work(number: int, folder: str) -> list[ThreadItem]:
    change = FileUpdateChange(path=f"{folder}/a.py", kind=UpdatePatchChangeKind(move_path=None), diff=DIFF)
    return [
        UserMessageThreadItem(id=new_id(), content=[TextUserInput(text=f"Question {number}. {PROSE}")]),
        ReasoningThreadItem(id=new_id(), summary=[PROSE * 3]),
        says(f"I look at part {number}. {PROSE}"),
        ran(f"ls part-{number}", folder, lines=40),
        ran(f"cat part-{number}/whorl.py", folder, lines=200),
        says(f"{PROSE * 4}\n\n{CODE}\n\n{PROSE * 2}"),
        FileChangeThreadItem(id=new_id(), changes=[change], status="completed"),
        ran("pytest -q", folder, lines=20),
        says(f"{TABLE}\n\n{PROSE}"),
        says(f"## Part {number}\n\n{PROSE * 3}\n\n{CODE}"),
    ]


def says(text: str) -> ThreadItem:
    return AgentMessageThreadItem(id=new_id(), text=text)


def ran(command: str, folder: str, lines: int) -> ThreadItem:
    output = "".join(f"\033[32m{line:4}\033[0m {PROSE}\n" for line in range(lines))
    return CommandExecutionThreadItem(
        id=new_id(),
        command=command,
        cwd=folder,
        status="completed",
        commandActions=[],
        aggregatedOutput=output,
        exitCode=0,
        durationMs=100,
    )


if __name__ == "__main__":
    main()
