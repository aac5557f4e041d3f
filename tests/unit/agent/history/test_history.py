from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.history.history import ABORTED, OUTPUT_OF, OUTPUTS, History, message_text, output_item, repaired
from tests.unit.agent.world import assert_valid

ids = st.sampled_from(["a", "b", "c", "", None])
calls = st.builds(lambda kind, id: {"type": kind, "call_id": id}, st.sampled_from([*OUTPUT_OF]), ids)
outputs = st.builds(
    lambda kind, id, text: {"type": kind, "call_id": id, "output": text}, st.sampled_from([*OUTPUTS]), ids, st.text()
)
others = st.builds(
    lambda kind, n: {"type": kind, "n": n}, st.sampled_from(["message", "reasoning", "x"]), st.integers()
)
bare = st.sampled_from([{"type": "function_call"}, {"type": "function_call_output"}, {}])
histories = st.lists(st.one_of(calls, outputs, others, bare), max_size=20)


@given(histories)
def test_every_call_has_one_output_behind_it(items: list[dict[str, Any]]) -> None:
    """Rows 1-29, 2-03."""
    fixed = list(repaired(items))
    keys = [(OUTPUT_OF[item["type"]], item["call_id"]) for item in fixed if item.get("type") in OUTPUT_OF]
    assert len(keys) == len(set(keys))
    answers = [(item["type"], item["call_id"]) for item in fixed if item.get("type") in OUTPUTS]
    assert sorted(answers) == sorted(keys)
    for place, item in enumerate(fixed):
        if item.get("type") in OUTPUTS:
            before = [each for each in fixed[:place] if each.get("call_id") == item["call_id"]]
            assert any(OUTPUT_OF.get(each["type"]) == item["type"] for each in before)


@given(histories)
def test_the_rest_keeps_its_order_and_nothing_is_made_up(items: list[dict[str, Any]]) -> None:
    fixed = list(repaired(items))
    tied = {*OUTPUT_OF, *OUTPUTS}
    assert [item for item in fixed if item.get("type") not in tied] == [
        item for item in items if item.get("type") not in tied
    ]
    kept = [item for item in fixed if item.get("output") != ABORTED and item.get("tools") != []]
    rest = iter(items)
    assert all(any(item is each for each in rest) for item in kept)  # a subsequence


@given(histories)
def test_repair_is_idempotent(items: list[dict[str, Any]]) -> None:
    fixed = list(repaired(items))
    assert list(repaired(fixed)) == fixed


def test_calls_of_one_response_stand_together() -> None:
    one, two = ({"type": "function_call", "call_id": id} for id in "ab")
    items = [one, two, output_item(two, "2"), output_item(one, "1")]
    assert list(repaired(items)) == items


def test_a_call_that_was_cut_off_is_answered_right_behind_it() -> None:
    call, after = {"type": "custom_tool_call", "call_id": "a"}, {"type": "message"}
    answer = {"type": "custom_tool_call_output", "call_id": "a", "output": ABORTED}
    assert list(repaired([call, after])) == [call, answer, after]


def test_an_output_of_the_wrong_kind_is_none() -> None:
    call = {"type": "custom_tool_call", "call_id": "a"}
    wrong = {"type": "function_call_output", "call_id": "a", "output": "x"}
    assert list(repaired([call, wrong])) == [call, output_item(call, ABORTED)]


def test_a_call_id_that_was_used_before_is_replaced() -> None:
    history = History([{"type": "function_call", "call_id": "call_0"}])
    first = history.unique_call({"type": "function_call", "call_id": "call_0", "name": "x"})
    missing = history.unique_call({"type": "function_call", "call_id": None})
    fresh = history.unique_call({"type": "function_call", "call_id": "call_1"})
    again = history.unique_call({"type": "function_call", "call_id": "call_1"})
    assert fresh["call_id"] == "call_1"
    assert first["name"] == "x"
    assert len({"call_0", *(call["call_id"] for call in (first, missing, fresh, again))}) == 5


def test_a_request_gets_a_repaired_copy() -> None:
    history = History()
    history.extend([{"type": "function_call", "call_id": "a"}])
    assert_valid(history.for_request())
    assert len(history.items) == 1


def test_message_text() -> None:
    assert message_text({"content": "plain"}) == "plain"
    assert message_text({"content": [{"text": "a"}, {"type": "refusal", "refusal": "no"}, {"type": "x"}]}) == "ano"
    assert message_text({}) == ""


def test_what_is_stored_is_read_when_it_is_needed() -> None:
    read: list[str] = []

    def stored() -> Iterator[dict[str, Any]]:
        read.append("read")
        yield {"type": "function_call", "call_id": "a"}

    history = History(stored())
    assert read == []
    history.extend([{"type": "message"}])
    assert [item["type"] for item in history.items] == ["function_call", "function_call_output", "message"]
    assert (read, history.begun_with) == (["read"], 2)


def test_call_ids_stay_used_when_another_history_follows() -> None:
    history = History([{"type": "function_call", "call_id": "a"}])
    history.replace([])
    assert history.unique_call({"type": "function_call", "call_id": "a"})["call_id"] != "a"
