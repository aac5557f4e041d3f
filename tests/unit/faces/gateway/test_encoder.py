"""Row 4-50: what the encoder writes, our own decoder reads as the same events."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spindled.faces.gateway.encoder import ResponseEncoder
from spindled.faces.gateway.seals import inward
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
from spindled.model.sealed import Seal
from spindled.model.sse import SSESplitter

Json = dict[str, Any]
TEXT = st.text(min_size=1, max_size=8)
SEALED = Seal("p", "chat").close({"field": "reasoning"})


def message(number: int, pieces: list[str]) -> list[ModelEvent]:
    item: Json = {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": []}
    text = {"type": "output_text", "text": "".join(pieces), "annotations": []}
    return [
        ItemAdded({**item, "status": "in_progress"}),
        *[TextDelta(item["id"], piece) for piece in pieces],
        ItemDone({**item, "status": "completed", "content": [text]}),
    ]


def thought(number: int, summary: list[list[str]], raw: list[str]) -> list[ModelEvent]:
    item: Json = {"type": "reasoning", "id": f"rs_{number}", "summary": []}
    events: list[ModelEvent] = [ItemAdded(item)]
    for index, pieces in enumerate(summary):
        events.append(SummaryPartAdded(item["id"], index))
        events += [SummaryDelta(item["id"], index, piece) for piece in pieces]
    events += [ReasoningDelta(item["id"], 0, piece) for piece in raw]
    parts = [{"type": "summary_text", "text": "".join(pieces)} for pieces in summary]
    return [*events, ItemDone({**item, "summary": parts, "encrypted_content": SEALED})]


def call(number: int, custom: bool, payload: str) -> list[ModelEvent]:
    kind, member = ("custom_tool_call", "input") if custom else ("function_call", "arguments")
    item: Json = {"type": kind, "id": f"c_{number}", "call_id": f"call_{number}", "name": "tool"}
    return [
        ItemAdded({**item, member: "", "status": "in_progress"}),
        ItemDone({**item, member: payload, "status": "completed"}),
    ]


ITEMS = st.one_of(
    st.tuples(st.just(message), st.lists(TEXT, min_size=1, max_size=4)),
    st.tuples(st.just(thought), st.lists(st.lists(TEXT, max_size=3), max_size=2), st.lists(TEXT, max_size=3)),
    st.tuples(st.just(call), st.booleans(), TEXT),
)
COUNTS = st.builds(Usage, *[st.integers(1, 10**6)] * 6)
ENDS = st.one_of(
    st.builds(Completed, st.just("resp_1"), st.none() | COUNTS, st.none() | st.booleans()),
    st.builds(Incomplete, st.just("resp_1"), st.none() | COUNTS, st.sampled_from(["max_output_tokens", "x"])),
)


def decoded(data: bytes) -> list[ModelEvent]:
    assembler = Assembler()
    events = assembler.feed(SSESplitter().feed(data))
    assert assembler.finished
    return events


def plain(event: ModelEvent) -> ModelEvent:
    return ItemDone(inward(event.item)) if isinstance(event, ItemDone) else event


def told(data: bytes) -> list[Json]:
    return [json.loads(line) for line in SSESplitter().feed(data)]


@given(st.lists(ITEMS, max_size=4), ENDS, st.integers(1, 5))
def test_the_same_events_come_out(items: list[Any], end: ModelEvent, size: int) -> None:
    events = [event for number, (build, *rest) in enumerate(items) for event in build(number, *rest)] + [end]
    encoder = ResponseEncoder({"model": "m"}, "resp_1")
    data = b"".join(encoder.feed(events[start : start + size]) for start in range(0, len(events), size))
    assert [plain(event) for event in decoded(data)] == events
    numbers = [event["sequence_number"] for event in told(data)]
    assert numbers == list(range(len(numbers)))
    dones = [event["item"] for event in told(data) if event["type"] == "response.output_item.done"]
    assert encoder.response["output"] == dones


@given(st.lists(TEXT, min_size=1, max_size=4), st.booleans())
def test_a_call_that_is_lost_is_told_as_lost(pieces: list[str], custom: bool) -> None:
    events = [*message(0, pieces), call(1, custom, "x")[0]]
    data = ResponseEncoder({}, "resp_1").feed([*events, Incomplete("resp_1", None, "max_output_tokens", ["tool"])])
    end = decoded(data)[-1]
    assert isinstance(end, Incomplete)
    assert end.lost_calls == ["tool"]


def test_text_that_only_the_whole_message_has_is_a_delta_too() -> None:
    added, _, done = message(0, ["hello"])
    events = told(ResponseEncoder({}).feed([added, TextDelta("msg_0", "he"), done]))
    assert [event["delta"] for event in events if event["type"].endswith("text.delta")] == ["he", "llo"]


def test_what_the_adapters_sealed_does_not_leave_as_it_is() -> None:
    encoder = ResponseEncoder({})
    told_bytes = encoder.feed(thought(0, [["hm"]], []))
    assert b"spindled-sealed" not in told_bytes
    item = told(told_bytes)[-1]["item"]
    assert inward(item)["encrypted_content"] == SEALED
    assert inward({**item, "encrypted_content": "spindled-gateway:%"})["encrypted_content"] == "spindled-gateway:%"
    assert inward({**item, "encrypted_content": "other"})["encrypted_content"] == "other"


def test_a_discarded_attempt_leaves_nothing_to_be_sent_back() -> None:
    encoder = ResponseEncoder({}, "resp_1")
    data = encoder.feed(thought(0, [["hm"]], ["raw"])[:-1]) + encoder.discard()
    data += encoder.feed([*message(1, ["yes"]), Completed("resp_1")])
    first, second = encoder.response["output"]
    assert (first["status"], first["summary"][0]["text"], first["content"][0]["text"]) == ("incomplete", "hm", "raw")
    assert "encrypted_content" not in first
    assert second["content"][0]["text"] == "yes"
    assert isinstance(decoded(data)[-1], Completed)


def test_a_failure() -> None:
    encoder = ResponseEncoder({}, "resp_1")
    data = encoder.feed(message(0, ["so far"])) + encoder.fail(ModelError(Kind.OVERLOADED, "Busy."), "slow_down")
    assembler = Assembler()
    assembler.feed(SSESplitter().feed(data))
    assert assembler.error is not None
    assert (assembler.error.kind, str(assembler.error)) == (Kind.OVERLOADED, "Busy.")
    assert encoder.response["output"][0]["content"][0]["text"] == "so far"
