"""Threads that the tests write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spindled.store.ids import new_id
from spindled.store.rollout import rows
from spindled.store.rollout.rows import Row, SessionMeta
from spindled.store.rollout.writer import ThreadWriter
from spindled.store.threads import ThreadStore
from spindled_protocol.types import AgentMessageThreadItem, TextUserInput, UserMessageThreadItem


def meta(**fields: Any) -> SessionMeta:
    known: dict[str, Any] = {
        "id": new_id(),
        "cwd": "/somewhere",
        "originator": "tests",
        "cli_version": "0.169.0",
        "source": "vscode",
        "model_provider": "fake",
        "base_instructions": rows.BaseInstructions("Be brief."),
        "history_mode": "paginated",
    }
    return SessionMeta(**{**known, **fields})


def message(role: str, text: str) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def user_item(text: str) -> UserMessageThreadItem:
    content = [TextUserInput(text=text)]
    return UserMessageThreadItem(
        id=new_id(), content=content, startedAtMs=1_700_000_000_000, completedAtMs=1_700_000_000_001
    )


def agent_item(text: str) -> AgentMessageThreadItem:
    return AgentMessageThreadItem(
        id=new_id(), text=text, startedAtMs=1_700_000_000_002, completedAtMs=1_700_000_000_003
    )


def turn_start(thread_id: str, turn_id: str, text: str) -> list[Row]:
    context = rows.TurnContext(
        turn_id=turn_id,
        cwd="/somewhere",
        approval_policy="never",
        sandbox_policy={"type": "danger-full-access"},
        model="gpt-5.5",
        summary="none",
    )
    return [
        rows.task_started(turn_id, turn_id, 1_700_000_000, 258_400),
        rows.turn_context(context),
        rows.response_item(message("user", text)),
        rows.item_completed(thread_id, turn_id, user_item(text)),
    ]


def turn_end(thread_id: str, turn_id: str, text: str) -> list[Row]:
    usage = rows.TokenUsage(input_tokens=100, output_tokens=10, total_tokens=110)
    return [
        rows.item_completed(thread_id, turn_id, agent_item(text)),
        rows.response_item(message("assistant", text)),
        rows.token_count(usage, usage, 258_400),
        rows.task_complete(turn_id, text, 1_700_000_000, 1_700_000_002, 1900),
    ]


def add_turn(
    writer: ThreadWriter, text: str, answer: str = "fine", more: Sequence[Row] = (), turn_id: str | None = None
) -> str:
    turn_id = turn_id or new_id()
    writer.append(turn_start(writer.thread_id, turn_id, text))
    writer.append([*more, *turn_end(writer.thread_id, turn_id, answer)])
    return turn_id


def add_thread(store: ThreadStore, *texts: str, **fields: Any) -> str:
    """A closed thread with a turn for every text; its id."""
    writer = store.create(meta(**fields))
    for text in texts:
        add_turn(writer, text)
    writer.close()
    return writer.thread_id


def questions(store: ThreadStore, thread_id: str) -> list[str]:
    """The first user message of every turn."""
    return [turn.items[0].content[0].text for turn in store.read(thread_id).turns]
