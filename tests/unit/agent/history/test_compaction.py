"""Making a history smaller: what stays, what goes, and that pairs stay pairs."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.history.compaction import (
    CLEARED,
    cleared,
    cut,
    pruned,
    replacement,
    summary_text,
    user_messages,
    without_oldest,
)
from spindled.agent.history.history import message_text
from spindled.agent.history.tokens import estimate, estimate_all
from spindled.agent.prompt.prompt import message
from spindled.agent.turn.notes import Note
from spindled.agent.turn.outcome import INTERRUPTED_NOTE
from tests.unit.agent.world import assert_valid

Item = dict[str, Any]

CONTEXT = [
    message("developer", "<permissions>\nall\n</permissions>"),
    message(
        "user", "<project_instructions>be kind</project_instructions>", "<environment_context>\n</environment_context>"
    ),
]


def pair(number: int, output: Any = "x" * 4000) -> list[Item]:
    call_id = f"call_{number}"
    return [
        {"type": "function_call", "call_id": call_id, "name": "echo", "arguments": "{}"},
        {"type": "function_call_output", "call_id": call_id, "output": output},
    ]


def reasoning(name: str = "r") -> Item:
    return {"type": "reasoning", "id": name, "summary": [], "encrypted_content": "abc"}


def outputs(items: list[Item]) -> list[Any]:
    return [item["output"] for item in items if "output" in item]


def texts(items: list[Item]) -> list[str]:
    return [message_text(item) for item in items]


# -- what survives


def test_the_new_history_is_context_then_the_users_words_then_the_summary() -> None:
    """Rows 1-41, 4-10."""
    old = [*CONTEXT, message("user", "do it"), *pair(1), message("assistant", "done"), message("user", "thanks")]
    before = copy.deepcopy(old)
    new = replacement(CONTEXT, old, summary_text(" it was done \n"))
    assert new[:2] == CONTEXT
    assert texts(new[2:4]) == ["do it", "thanks"]
    assert new[4]["role"] == "user"
    assert "it was done" in message_text(new[4])
    assert len(new) == 5
    assert old == before


def test_only_the_users_own_words_survive() -> None:
    """Row 4-10."""
    picture = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}
    old = [
        *CONTEXT,
        message("user", summary_text("earlier")),
        message("user", INTERRUPTED_NOTE),
        Note("go on", "it goes on").item,
        picture,
        message("user", "words"),
        message("assistant", "answer"),
    ]
    assert user_messages(old, 20_000) == [picture, message("user", "words")]


def test_the_newest_words_within_the_budget_and_the_oldest_of_them_cut() -> None:
    """Rows 1-42, 4-10."""
    old = [message("user", letter * 4000) for letter in "abc"]
    kept = user_messages(old, 1600)
    assert kept[-1] is old[-1]
    assert len(kept) == 2
    assert "tokens left out" in message_text(kept[0])
    assert message_text(kept[0]).startswith("bb")
    assert estimate_all(kept) < 1700
    assert user_messages(old, 0) == []


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_a_cut_text_is_about_as_long_as_asked(text: str, tokens: int) -> None:
    short = cut(text, tokens)
    assert short == text or len(short.encode()) <= tokens * 4 + 50


# -- tool results


def test_old_results_are_cleared_and_the_last_three_stay() -> None:
    """Row 3-10."""
    old = [item for number in range(5) for item in pair(number)] + [message("assistant", "done")]
    before = copy.deepcopy(old)
    new = cleared(old)
    assert outputs(new) == [CLEARED, CLEARED, *["x" * 4000] * 3]
    assert_valid(new)
    assert old == before
    assert cleared(new) == new


def test_what_the_model_has_not_seen_is_never_cleared() -> None:
    calls = [pair(number) for number in range(5)]
    pending = [each[0] for each in calls] + [each[1] for each in calls]
    assert cleared(pending) == pending
    assert pruned(pending) == pending
    seen = [*pair(8), *pair(9), *pair(10), *pair(11), message("assistant", "hm"), *pending]
    assert outputs(cleared(seen)) == [CLEARED, *["x" * 4000] * 8]


def test_short_results_stay() -> None:
    old = [item for number in range(5) for item in pair(number, "ok")] + [message("assistant", "done")]
    assert cleared(old) == old
    assert pruned(old) == old


@pytest.mark.parametrize(
    "output",
    ["a" * 9000, [{"type": "input_text", "text": "a" * 9000}], [{"type": "input_image", "image_url": "data:"}]],
)
def test_pruned_results_are_short(output: Any) -> None:
    """Row 3-11."""
    old = [*pair(0, output), *pair(1), *pair(2), *pair(3), message("assistant", "done")]
    new = pruned(old)
    assert estimate(new[1]) < 300
    assert new[2:] == old[2:]
    assert_valid(new)


# -- a summary that does not fit


def test_the_oldest_calls_go_first_with_their_results() -> None:
    """Rows 2-05, 4-09."""
    old = [*CONTEXT, message("user", "do it"), *pair(1), *pair(2), message("assistant", "done")]
    assert without_oldest(old, 1) == [*old[:3], *old[5:]]
    assert without_oldest(old, 1500) == [*old[:3], old[-1]]


def test_then_messages_but_not_the_users_newest_nor_an_earlier_summary() -> None:
    kept = [*CONTEXT, message("user", summary_text("what was"))]
    old = [*kept, message("user", "first"), message("assistant", "done"), message("user", "second")]
    assert without_oldest(old, 1) == [*kept, *old[4:]]
    assert without_oldest(old, 10_000) == [*kept, old[-1]]
    assert without_oldest([*kept, old[-1]], 1) is None


def test_reasoning_goes_with_what_it_led_to() -> None:
    old = [
        message("user", "a"),
        reasoning(),
        *pair(1),
        reasoning("s"),
        *pair(2),
        reasoning("t"),
        message("assistant", "b"),
    ]
    assert without_oldest(old, 1) == [old[0], *old[4:]]
    first, second = pair(1), pair(2)
    parallel = [old[0], reasoning(), first[0], second[0], first[1], second[1], *pair(3)]
    assert without_oldest(parallel, 1) == [old[0], *parallel[6:]]
    assert without_oldest([old[0], *parallel[2:]], 1) == [old[0], second[0], second[1], *parallel[6:]]
    assert without_oldest([reasoning("t"), message("assistant", "b"), old[0]], 1) == [old[0]]


ITEMS = st.lists(
    st.sampled_from(["user", "assistant", "pair", "parallel", "reasoning"]).map(str), min_size=1, max_size=25
)


@given(ITEMS, st.integers(min_value=1, max_value=5000))
def test_no_step_parts_a_call_from_its_result(kinds: list[str], tokens: int) -> None:
    """Row 2-05."""
    items: list[Item] = [*CONTEXT]
    for number, kind in enumerate(kinds):
        if kind == "pair":
            items += pair(number)
        elif kind == "parallel":
            first, second = pair(number), pair(number + 1000)
            items += [first[0], second[0], first[1], second[1]]
        elif kind == "reasoning":
            items.append(reasoning(str(number)))
        else:
            items.append(message(kind, f"{kind} {number}"))
    for new in (cleared(items), pruned(items), without_oldest(items, tokens), replacement([], items, "s")):
        assert_valid(new or [])
    fewer = without_oldest(items, tokens)
    while fewer is not None:  # it ends
        assert len(fewer) < len(items)
        items, fewer = fewer, without_oldest(fewer, tokens)
