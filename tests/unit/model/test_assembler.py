"""What a consumer sees of a response, however little of it the provider confirms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.assembler import Assembler
from spindled.model.errors import Kind, ModelError
from spindled.model.events import (
    Completed,
    Incomplete,
    ItemAdded,
    ItemDone,
    ModelEvent,
    ReasoningDelta,
    SummaryDelta,
    SummaryPartAdded,
    TextDelta,
    Usage,
)

Json = dict[str, Any]
MESSAGE: Json = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
CALL: Json = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "shell", "arguments": ""}


def text(delta: str, index: int | None = 0, item_id: str | None = "msg_1") -> Json:
    return wire("response.output_text.delta", output_index=index, item_id=item_id, delta=delta)


def added(item: Json, index: int | None = 0) -> Json:
    return wire("response.output_item.added", output_index=index, item=item)


def done(item: Json, index: int | None = 0) -> Json:
    return wire("response.output_item.done", output_index=index, item=item)


def completed(output: Any = (), **response: Any) -> Json:
    members = {"id": "r1", "status": "completed", "output": list(output) if isinstance(output, tuple) else output}
    return wire("response.completed", response=members | response)


def incomplete(reason: str | None = "max_output_tokens", output: Any = None) -> Json:
    details = {"reason": reason} if reason else None
    members = {"id": "r1", "status": "incomplete", "output": output, "incomplete_details": details}
    return wire("response.incomplete", response=members)


def failed(**error: Any) -> Json:
    return wire("response.failed", response={"error": error})


def wire(kind: str, **fields: Any) -> Json:
    return {"type": kind, **{name: value for name, value in fields.items() if value is not None}}


def run(*events: Json | bytes) -> list[ModelEvent]:
    assembler = Assembler()
    seen = assembler.feed([event if isinstance(event, bytes) else json.dumps(event).encode() for event in events])
    if assembler.error is not None:
        raise assembler.error
    return seen


def items(events: list[ModelEvent]) -> list[Json]:
    return [event.item for event in events if isinstance(event, ItemDone)]


def message_done(value: str, item_id: str = "msg_1") -> Json:
    content = [{"type": "output_text", "text": value, "annotations": []}]
    return {"type": "message", "id": item_id, "role": "assistant", "status": "completed", "content": content}


def test_an_ordinary_response() -> None:
    final = message_done("hello")
    usage = {
        "input_tokens": 9,
        "output_tokens": 4,
        "total_tokens": 13,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens_details": {"reasoning_tokens": 3},
    }
    seen = run(
        wire("response.created", response={"id": "r1"}),
        added(MESSAGE),
        wire("response.content_part.added", output_index=0, part={"type": "output_text"}),
        text("hel"),
        text("lo"),
        done(final),
        completed([final], usage=usage, end_turn=True),
    )
    assert seen == [
        ItemAdded(MESSAGE),
        TextDelta("msg_1", "hel"),
        TextDelta("msg_1", "lo"),
        ItemDone(final),
        Completed("r1", Usage(9, 2, 1, 4, 3, 13), True),
    ]


def test_an_item_is_done_as_soon_as_it_is_confirmed() -> None:
    assembler = Assembler()
    assembler.feed([json.dumps(added(CALL)).encode()])
    call = {**CALL, "arguments": "{}", "status": "completed"}
    assert assembler.feed([json.dumps(done(call)).encode()]) == [ItemDone(call)]
    assert not assembler.finished


def test_items_are_done_in_output_order() -> None:
    first, second = message_done("a"), message_done("b", "msg_2")
    seen = run(added(MESSAGE), added({**MESSAGE, "id": "msg_2"}, 1), done(second, 1), done(first), completed())
    assert items(seen) == [first, second]


@pytest.mark.parametrize("output", [None, [], "nonsense"])
def test_done_items_make_up_for_an_empty_terminal_output(output: Any) -> None:
    """Row 0-42."""
    assert items(run(added(MESSAGE), done(message_done("x")), completed(output))) == [message_done("x")]


def test_the_terminal_output_makes_up_for_missing_done_events() -> None:
    """Row 4-25."""
    final, call = message_done("x"), {**CALL, "arguments": '{"a":1}', "status": "completed"}
    seen = run(added(MESSAGE), text("x"), completed([final, call]))
    assert items(seen) == [final, call]
    assert [event.item["id"] for event in seen if isinstance(event, ItemAdded)] == ["msg_1", "fc_1"]


def test_text_is_synthesized_from_deltas() -> None:
    """Row 0-43."""
    assert items(run(added(MESSAGE), text("hel"), text("lo"), completed())) == [message_done("hello")]


def test_deltas_without_any_announcement() -> None:
    """Row 0-50."""
    seen = run(text("a", index=None, item_id=None), text("b", index=None, item_id=None), completed())
    announced = seen[0]
    assert isinstance(announced, ItemAdded)
    own_id = announced.item["id"]
    assert own_id.startswith("msg_")
    assert seen[1:3] == [TextDelta(own_id, "a"), TextDelta(own_id, "b")]
    assert items(seen) == [message_done("ab", own_id)]


@pytest.mark.parametrize(
    ("events", "arguments"),
    [
        ([], "{}"),
        ([wire("response.function_call_arguments.delta", output_index=0, delta='{"a"')] * 2, '{"a"{"a"'),
        ([wire("response.function_call_arguments.done", output_index=0, arguments='{"b":2}')], '{"b":2}'),
        ([wire("response.function_call_arguments.delta", item_id="fc_1", delta="{}")], "{}"),
    ],
)
def test_announced_calls_are_settled_on_completion(events: list[Json], arguments: str) -> None:
    """Row 0-51."""
    assert items(run(added(CALL), *events, completed())) == [{**CALL, "arguments": arguments, "status": "completed"}]


def test_a_custom_call_is_settled_from_its_input() -> None:
    call: Json = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "apply_patch", "input": ""}
    seen = run(
        added(call), wire("response.custom_tool_call_input.delta", output_index=0, delta="*** Begin"), completed()
    )
    assert items(seen) == [{**call, "input": "*** Begin", "status": "completed"}]


def test_an_item_keeps_the_first_of_its_ids() -> None:
    final = message_done("hi", "other")
    seen = run(added(MESSAGE), text("hi", item_id="third"), done(final), completed([final]))
    assert seen[1:3] == [TextDelta("msg_1", "hi"), ItemDone(message_done("hi"))]
    assert len(items(seen)) == 1


def test_a_call_whose_id_rotates_runs_once() -> None:
    """Row 0-51."""
    final = {**CALL, "id": "fc_2", "arguments": "{}", "status": "completed"}
    assert items(run(added(CALL, None), done(final, None), completed([{**final, "id": "fc_3"}]))) == [
        {**final, "id": "fc_1"}
    ]


def test_a_provider_that_counts_every_item_as_the_first() -> None:
    one, two = message_done("one"), message_done("two", "msg_2")
    seen = run(added(MESSAGE), text("one"), done(one), added({**MESSAGE, "id": "msg_2"}), text("two"), done(two))
    assert items(seen) == [one, two]
    assert [event.item_id for event in seen if isinstance(event, TextDelta)] == ["msg_1", "msg_2"]


def test_refusals_are_text() -> None:
    """Row 0-51."""
    seen = run(added(MESSAGE), wire("response.refusal.delta", output_index=0, delta="No."), completed())
    assert TextDelta("msg_1", "No.") in seen
    assert items(seen) == [message_done("No.")]


def test_reasoning() -> None:
    """Row 0-46."""
    item: Json = {"type": "reasoning", "id": "rs_1", "summary": []}
    summary = {"output_index": 0, "item_id": "rs_1"}
    seen = run(
        added(item),
        wire("response.reasoning_summary_part.added", **summary, summary_index=0),
        wire("response.reasoning_summary_text.delta", **summary, summary_index=0, delta="a"),
        wire("response.reasoning_summary_text.delta", **summary, summary_index=1, delta="b"),
        wire("response.reasoning_text.delta", **summary, content_index=0, delta="raw"),
        wire("some.new_reasoning.delta", **summary, content_index=1, delta="more"),
        completed(),
    )
    assert seen[1:7] == [
        SummaryPartAdded("rs_1", 0),
        SummaryDelta("rs_1", 0, "a"),
        SummaryPartAdded("rs_1", 1),
        SummaryDelta("rs_1", 1, "b"),
        ReasoningDelta("rs_1", 0, "raw"),
        ReasoningDelta("rs_1", 1, "more"),
    ]
    assert items(seen)[0]["summary"] == [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]


def test_unknown_and_odd_events_are_ignored() -> None:
    """Rows 0-41, 0-50."""
    seen = run(
        wire("codex.rate_limits", delta={"not": "text"}, item=7),
        wire("response.in_progress", response=None),
        wire("response.image_generation_call.partial_image", delta=5, output_index="x"),
        b"[DONE]",
        b"keep-alive",
        b"",
        completed(),
    )
    assert seen == [Completed("r1")]


def test_nothing_follows_the_terminal_event() -> None:
    """Row 0-51."""
    assert run(completed(), text("late"), wire("error", message="late"))[1:] == []


@pytest.mark.parametrize("kind", ["response.completed", "response.done"])
def test_the_status_decides_over_the_name_of_the_terminal_event(kind: str) -> None:
    assert isinstance(run(wire(kind, response={"id": "r", "status": "incomplete"}))[0], Incomplete)
    assert run(wire(kind, response={"id": "r", "status": "completed"})) == [Completed("r")]
    with pytest.raises(ModelError, match="boom"):
        run(wire(kind, response={"status": "failed", "error": {"message": "boom"}}))


def test_incomplete_keeps_text_and_finished_calls_and_names_lost_ones() -> None:
    """Rows 0-49, 1-22."""
    whole = {**CALL, "arguments": "{}", "status": "completed"}
    torn: Json = {**CALL, "id": "fc_2", "call_id": "c2", "name": "apply"}
    cut: Json = {**CALL, "id": "fc_3", "call_id": "c3", "name": "late", "status": "incomplete"}
    seen = run(
        *(added(MESSAGE), text("so far"), added(CALL, 1), done(whole, 1), added(torn, 2), added(cut, 3), done(cut, 3)),
        incomplete(output=[torn | {"status": "incomplete"}]),
    )
    assert [item["id"] for item in items(seen)] == ["msg_1", "fc_1"]
    assert items(seen)[0]["status"] == "incomplete"
    assert seen[-1] == Incomplete("r1", None, "max_output_tokens", ["apply", "late"])


def test_incomplete_without_a_reason() -> None:
    assert run(incomplete(None)) == [Incomplete("r1", None, "unknown", [])]


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        (wire("error", code="server_error", message="Oops."), Kind.SERVER, "Oops."),
        (wire("error", error={"code": "rate_limit_exceeded", "message": "Slow."}), Kind.RATE_LIMIT, "Slow."),
        (wire("error", error="just text"), Kind.DISCONNECTED, "just text"),
        (wire("error", item_id=7, message="odd shape"), Kind.DISCONNECTED, "odd shape"),
        (
            wire("response.failed", response={"error": {"code": "invalid_prompt", "message": "No."}}),
            Kind.BAD_REQUEST,
            "No.",
        ),
        (wire("response.failed", response=None), Kind.DISCONNECTED, "failed"),
        (wire("response.cancelled", response={}), Kind.DISCONNECTED, "cancelled"),
    ],
)
def test_failures(event: Json, kind: Kind, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        run(added(MESSAGE), event)
    assert caught.value.kind is kind


def test_what_came_before_a_failure_is_still_told() -> None:
    assembler = Assembler()
    events = [added(MESSAGE), text("half"), failed(message="x")]
    seen = assembler.feed([json.dumps(event).encode() for event in events])
    assert seen == [ItemAdded(MESSAGE), TextDelta("msg_1", "half")]
    assert assembler.error is not None
    assert not assembler.finished


@pytest.mark.parametrize(
    "payload", [b'{"type":"response.output_text.delta","delta":', b'{"type":"response.completed","item_id":7}']
)
def test_a_broken_event_breaks_the_stream(payload: bytes) -> None:
    with pytest.raises(ModelError, match="malformed event") as caught:
        run(payload)
    assert caught.value.retryable


kinds = st.sampled_from(
    [
        *("response.output_item.added", "response.output_item.done", "response.output_text.delta"),
        *("response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.refusal.delta"),
        *("response.function_call_arguments.delta", "response.completed", "response.incomplete", "nonsense"),
    ]
)
some_items = st.sampled_from([MESSAGE, CALL, message_done("t"), {**CALL, "id": "fc_9", "arguments": "{}"}, {}, None])
some_events = st.fixed_dictionaries(
    {"type": kinds},
    optional={
        "output_index": st.integers(0, 3) | st.none(),
        "item_id": st.sampled_from(["msg_1", "fc_1", None]),
        "delta": st.text(max_size=3),
        "summary_index": st.integers(0, 2),
        "item": some_items,
        "response": st.fixed_dictionaries({"output": st.lists(some_items, max_size=3)}),
    },
)


@given(st.lists(some_events, max_size=20))
def test_any_sequence_keeps_the_promises_to_the_consumer(events: list[Json]) -> None:
    """Row 0-51."""
    assembler = Assembler()
    seen = assembler.feed([json.dumps(event).encode() for event in events])
    announced: list[str] = []
    finished: list[str] = []
    for event in seen:
        if isinstance(event, ItemAdded):
            announced.append(event.item["id"])
        elif isinstance(event, ItemDone):
            finished.append(event.item["id"])
            assert event.item["id"] in announced
        elif not isinstance(event, Completed | Incomplete):
            assert event.item_id in announced
    assert assembler.error is None
    assert all(finished.count(name) <= announced.count(name) for name in finished)
    assert [isinstance(event, Completed | Incomplete) for event in seen].count(True) == assembler.finished
