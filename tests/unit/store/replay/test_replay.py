from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw

from spindled.store.replay import items
from spindled.store.replay.replay import Replay
from spindled.store.replay.stored import StoredThread
from spindled.store.rollout import rows
from spindled.store.rollout.payloads import GivenBudgets
from spindled.store.rollout.rows import Row
from spindled.store.rollout.scan import Record
from spindled_protocol.types import ContextCompactionThreadItem, PlanThreadItem, TurnError
from tests.unit.store.samples import agent_item, message, meta, turn_end, turn_start, user_item


def replayed(written: Sequence[Row], **fields: Any) -> StoredThread:
    fold = Replay(meta(**fields))
    for number, row in enumerate(written):
        fold.feed([Record(row.type, Raw(msgspec.json.encode(row.payload)), "2026-01-01T00:00:00.000Z", number)])
    return fold.finish()


def test_a_turn_as_the_wire_has_it() -> None:
    thread = replayed([*turn_start("t", "a", "hello"), *turn_end("t", "a", "hi")])
    (turn,) = thread.turns
    assert (turn.id, turn.rootTurnId, turn.status, turn.itemsView) == ("a", "a", "completed", "full")
    assert (turn.startedAt, turn.completedAt, turn.durationMs, turn.error) == (1_700_000_000, 1_700_000_002, 1900, None)
    assert [item.id for item in turn.items]
    assert thread.preview == "hello"
    assert thread.updated_at == "2026-01-01T00:00:00.000Z"
    assert list(thread.history) == [message("user", "hello"), message("assistant", "hi")]
    assert thread.context is not None
    assert thread.context.model == "gpt-5.5"
    assert thread.usage is not None
    assert (thread.usage.total.totalTokens, thread.usage.modelContextWindow) == (110, 258_400)
    assert thread.warnings == []


def test_how_turns_end() -> None:
    error = items.failure(TurnError(message="broken", codexErrorInfo="serverOverloaded"))
    written = [
        *turn_start("t", "failed", "1"),
        rows.task_complete("failed", None, 1, 2, 3, error),
        *turn_start("t", "stopped", "2"),
        rows.turn_aborted("stopped", 1, 2, 3),
        *turn_start("t", "killed", "3"),
    ]
    turns = replayed(written).turns
    assert [turn.status for turn in turns] == ["failed", "interrupted", "interrupted"]
    assert turns[0].error == TurnError(message="broken", codexErrorInfo="serverOverloaded")
    assert [turn.completedAt for turn in turns] == [2, 2, None]


def test_a_later_row_of_an_item_replaces_it() -> None:
    plans = [PlanThreadItem(id="p", text=text) for text in ("old", "new")]
    (turn,) = replayed([rows.item_completed("t", "a", plan) for plan in plans]).turns
    assert turn.items == [plans[1]]
    assert turn.status == "completed"


def test_a_turn_without_a_start_stands_where_it_ended() -> None:
    review = rows.item_completed("t", "outer", PlanThreadItem(id="p", text=""))
    turns = replayed([review, *turn_start("t", "inner", "x"), rows.task_complete("outer", None, 1, 2, 3)]).turns
    assert [turn.id for turn in turns] == ["inner", "outer"]


def test_history_starts_at_the_last_compaction() -> None:
    written = [
        *turn_start("t", "a", "one"),
        rows.compacted("first", [message("user", "summary 1")]),
        rows.response_item(message("user", "two")),
        rows.compacted("second", [message("user", "summary 2")]),
        rows.item_completed("t", "a", ContextCompactionThreadItem(id="c")),
        rows.response_item(message("user", "three")),
    ]
    thread = replayed(written)
    assert list(thread.history) == [message("user", "summary 2"), message("user", "three")]
    assert len(thread.turns[0].items) == 2


def test_a_compaction_of_old_keeps_the_summary() -> None:
    thread = replayed([Row("compacted", {"message": "what was"}), rows.response_item(message("user", "next"))])
    assert list(thread.history) == [message("user", "what was"), message("user", "next")]


def test_the_references_bookkeeping_does_not_reach_the_model() -> None:
    item = {**message("user", "x"), "internal_chat_message_metadata_passthrough": {"turn_id": "a"}}
    assert list(replayed([rows.response_item(item)]).history) == [message("user", "x")]


def test_damaged_and_unknown_rows_are_passed_over() -> None:
    written = [
        *turn_start("t", "a", "hello"),
        Row("event_msg", {"type": 5}),
        Row("event_msg", {"type": "item_completed", "turn_id": "a", "item": {"type": "Plan"}}),
        Row("event_msg", {"type": "something_new", "x": 1}),
        Row("brand_new", {"x": 1}),
        Row("turn_context", {"cwd": 5}),
        *turn_end("t", "a", "hi"),
    ]
    thread = replayed(written)
    assert len(thread.turns[0].items) == 2
    assert thread.context is None


def test_items_of_unknown_kinds_are_kept() -> None:
    row = Row("event_msg", {"type": "item_completed", "turn_id": "a", "item": {"type": "Novelty", "id": "n"}})
    assert replayed([row]).turns[0].items[0]["type"] == "novelty"  # type: ignore[index]


def test_rollouts_from_before_items() -> None:
    written = [
        Row("event_msg", {"type": "user_message", "message": "hello", "images": ["data:x"]}),
        Row("event_msg", {"type": "agent_reasoning", "text": "hm"}),
        Row("event_msg", {"type": "agent_reasoning", "text": "so"}),
        Row("event_msg", {"type": "agent_message", "message": "hi"}),
        Row("event_msg", {"type": "user_message", "message": "again"}),
        Row("event_msg", {"type": "turn_aborted", "reason": "interrupted"}),
    ]
    thread = replayed(written, history_mode=None)
    assert [[type(item).__name__ for item in turn.items] for turn in thread.turns] == [
        ["UserMessageThreadItem", "ReasoningThreadItem", "AgentMessageThreadItem"],
        ["UserMessageThreadItem"],
    ]
    assert [turn.status for turn in thread.turns] == ["completed", "interrupted"]
    assert thread.preview == "hello"


def test_rollouts_with_nothing_but_history() -> None:
    written = [
        rows.response_item(message("developer", "rules")),
        rows.response_item(message("user", "<environment_context>...")),
        rows.response_item(message("user", "hello")),
        rows.response_item(message("assistant", "hi")),
        rows.response_item(message("user", "more")),
    ]
    thread = replayed(written, history_mode=None)
    assert [len(turn.items) for turn in thread.turns] == [2, 1]
    assert thread.preview == "hello"


def test_old_rollouts_with_items_prefer_them() -> None:
    written = [
        *turn_start("t", "a", "hello"),
        rows.item_completed("t", "a", agent_item("hi")),
        rows.item_completed("t", "a", user_item("steer")),
    ]
    assert len(replayed(written, history_mode="legacy").turns[0].items) == 3


def test_what_was_used_goes_on_from_the_last_account() -> None:
    """3-03: what other servers did since then counts with its turns and tokens."""
    tokens = {"small": rows.TokenUsage(input_tokens=30, total_tokens=30)}
    ours = rows.Spending(turns=4, tool_calls=7, model_calls={"turn": 5}, wall_ms=12, tokens=tokens)
    written = [*turn_start("t", "a", "1"), rows.spending(rows.Spending(turns=1)), rows.spending(ours)]
    theirs = [*turn_start("t", "b", "2"), *turn_end("t", "b", "hi")]
    spent = replayed([*written, *theirs]).spending
    assert (spent.turns, spent.tool_calls, spent.model_calls, spent.wall_ms) == (5, 7, {"turn": 5}, 12)
    assert spent.tokens["small"] == rows.TokenUsage(input_tokens=30, total_tokens=30)
    assert spent.tokens["gpt-5.5"] == rows.TokenUsage(input_tokens=70, output_tokens=10, total_tokens=80)


def test_a_thread_without_an_account_has_its_turns_and_tokens() -> None:
    spent = replayed([*turn_start("t", "a", "1"), *turn_end("t", "a", "hi")]).spending
    assert spent.turns == 1
    assert spent.tokens == {"gpt-5.5": rows.TokenUsage(input_tokens=100, output_tokens=10, total_tokens=110)}
    assert replayed([]).spending == rows.Spending()


def test_a_damaged_account_costs_no_thread() -> None:
    damaged = Row(rows.SPENDING, {"turns": "many"})
    thread = replayed([*turn_start("t", "a", "1"), damaged, *turn_end("t", "a", "hi")])
    assert thread.spending.tokens["gpt-5.5"].total_tokens == 110
    assert thread.warnings
    assert list(thread.history) == [message("user", "1"), message("assistant", "hi")]


def test_an_account_is_read_as_it_was_written() -> None:
    budgets = GivenBudgets(turn={"cost_usd": 0.5}, thread={"turns": None})
    ours = rows.Spending(tools_usd=Decimal("0.60"), approved_usd=Decimal("0.1"), budgets=budgets)
    assert replayed([rows.spending(ours)]).spending == ours
