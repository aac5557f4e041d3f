"""Events of a Messages stream as model events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.errors import Kind, ModelError
from spindled.model.events import (
    Completed,
    Incomplete,
    ItemAdded,
    ItemDone,
    ModelEvent,
    SummaryDelta,
    SummaryPartAdded,
    TextDelta,
    Usage,
)
from spindled.model.messages.assembler import MessagesAssembler
from spindled.model.messages.request import ANSWER_TOOL
from spindled.model.sealed import Seal
from tests.support.fake_messages import closing_events, message_events
from tests.support.spoken import Call, Say, Spoken, Think

Json = dict[str, Any]
SEAL = Seal("p", "messages")


def encoded(*events: Any) -> list[bytes]:
    return [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]


def run(
    *parts: Spoken, stop: str | None = "end_turn", summarized: bool = False, whole: bool = True
) -> list[ModelEvent]:
    return feed(*message_events(parts), *closing_events(stop, whole=whole), summarized=summarized)


def feed(*events: Any, summarized: bool = False) -> list[ModelEvent]:
    assembler = MessagesAssembler(SEAL, frozenset({"apply_patch"}), summarized=summarized)
    seen = assembler.feed(encoded(*events))
    if assembler.error is not None:
        raise assembler.error
    return seen


def items(events: list[ModelEvent]) -> list[Json]:
    return [event.item for event in events if isinstance(event, ItemDone)]


def texts(item: Json) -> str:
    return "".join(part["text"] for part in item["content"])


def test_thoughts_keep_their_signature() -> None:
    first, second, redacted, message = items(
        run(Think("a", 2, "s1"), Think("b", 1, "s2"), Think(redacted="secret"), Say("yes"))
    )
    assert (texts(first), SEAL.open(first)) == ("a", {"signature": "s1"})
    assert (texts(second), SEAL.open(second)) == ("b", {"signature": "s2"})
    assert SEAL.open(redacted) == {"redacted": "secret"}
    assert texts(message) == "yes"


def test_a_thought_of_which_nothing_is_told() -> None:
    (thought, _) = items(run(Think("", 1, "s"), Say("yes")))
    assert "content" not in thought
    assert SEAL.open(thought) == {"signature": "s"}


def test_summarized_thoughts() -> None:
    seen = run(Think("ab", 2), Say("yes"), summarized=True)
    thought = items(seen)[0]
    assert seen[1:4] == [
        SummaryPartAdded(thought["id"], 0),
        SummaryDelta(thought["id"], 0, "a"),
        SummaryDelta(thought["id"], 0, "b"),
    ]
    assert thought["summary"] == [{"type": "summary_text", "text": "ab"}]


def test_blocks_of_text_are_one_message() -> None:
    (message,) = items(run(Say("a"), Say("b")))
    assert texts(message) == "ab"


def test_a_block_may_begin_with_its_content() -> None:
    seen = feed(
        *message_events(()),
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "hi"}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "a", "name": "t", "input": {"n": 1}},
        },
        {"type": "content_block_stop", "index": 1},
        *closing_events("tool_use"),
    )
    message, call = items(seen)
    assert (texts(message), call["arguments"]) == ("hi", '{"n":1}')


def test_calls() -> None:
    seen = run(Call("t", '{"n":1}', "a", deltas=3), Call("u", "", "b"), Call("apply_patch", "x", "c", custom=True))
    one, none, custom = items(seen)
    assert (one["call_id"], one["name"], one["arguments"]) == ("a", "t", '{"n":1}')
    assert none["arguments"] == "{}"
    assert (custom["type"], custom["input"]) == ("custom_tool_call", "x")


def test_a_call_without_an_id_gets_one() -> None:
    assert items(run(Call("t", "{}", "")))[0]["call_id"].startswith("call_")


def test_a_whole_call_is_told_at_the_end_of_its_block() -> None:
    seen = feed(*message_events((Call("t", "{}"),)))
    assert [type(event) for event in seen] == [ItemAdded, ItemDone]


def test_a_cut_call_is_lost() -> None:
    seen = run(Say("x"), Call("t", "{}", "a"), Call("u", '{"n', "b"), stop="max_tokens")
    assert [item.get("call_id") for item in items(seen)] == [None, "a"]
    assert seen[-1] == Incomplete("m1", Usage(100, 0, 0, 10, 0, 110), "max_output_tokens", ["u"])


def test_the_answer_tool_is_text() -> None:
    seen = run(Say("Done."), Call(ANSWER_TOOL, '{"n":1}', deltas=3), stop="tool_use")
    first, answer = items(seen)
    assert (texts(first), texts(answer)) == ("Done.", '{"n":1}')
    assert len([event for event in seen if isinstance(event, TextDelta) and event.item_id == answer["id"]]) == 3
    assert isinstance(seen[-1], Completed)


def test_what_a_server_does_itself_is_ignored() -> None:
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    seen = feed(
        *message_events(()),
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "new_event", "delta": {}},
        *closing_events("pause_turn"),
    )
    assert seen == [Completed("m1", Usage(100, 0, 0, 10, 0, 110), end_turn=False)]


def test_a_full_context_window() -> None:
    assembler = MessagesAssembler(SEAL)
    seen = assembler.feed(encoded(*message_events((Say("x"),)), *closing_events("model_context_window_exceeded")))
    assert texts(items(seen)[0]) == "x"
    assert assembler.error is not None
    assert assembler.error.kind is Kind.CONTEXT_WINDOW


def test_usage_counts_the_cache_as_input() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 3}
    seen = feed(*message_events((Say("x"),), usage=usage), *closing_events("end_turn", 7))
    assert seen[-1] == Completed("m1", Usage(28, 20, 3, 7, 0, 35))
    late = {"type": "message_delta", "delta": {}, "usage": {"input_tokens": 6, "cache_read_input_tokens": None}}
    seen = feed(*message_events((Say("x"),), usage=usage), late, *closing_events("end_turn", 9))
    assert seen[-1] == Completed("m1", Usage(29, 20, 3, 9, 0, 38))


def test_nothing_ends_without_message_stop() -> None:
    assert not any(isinstance(event, Completed) for event in run(Say("x"), whole=False))


def test_an_end_without_a_reason() -> None:
    assert isinstance(run(Say("x"), stop=None)[-1], Completed)
    with pytest.raises(ModelError, match="within a call"):
        run(Call("t", '{"n'), stop=None)


@pytest.mark.parametrize("payload", [b'{"type":"content_block_delta","del', b'{"type":"message_delta","delta":7}'])
def test_a_broken_event_breaks_the_stream(payload: bytes) -> None:
    with pytest.raises(ModelError, match="malformed event") as caught:
        feed(payload)
    assert caught.value.retryable


def test_noise() -> None:
    assert feed(b"", b"[DONE]", b"keep-alive", {"type": "ping"}, {}) == []


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: not text.isspace()
)
objects = st.dictionaries(st.text(max_size=3), st.integers() | words, max_size=3).map(json.dumps)
spoken = st.lists(
    st.builds(Think, words, st.integers(1, 4), words)
    | st.builds(Say, words, st.integers(1, 4))
    | st.builds(Call, st.sampled_from(["shell", "read"]), objects, words, deltas=st.integers(1, 6))
    | st.builds(Call, st.just("apply_patch"), words, words, custom=st.just(True), deltas=st.integers(1, 6)),
    min_size=1,
    max_size=6,
    unique_by=lambda part: part.call_id if isinstance(part, Call) else id(part),
)


def essence(events: list[ModelEvent]) -> list[Json]:
    return [{name: value for name, value in item.items() if name != "id"} for item in items(events)]


@given(spoken, st.data())
def test_any_cutting_makes_the_same_items(parts: list[Spoken], data: st.DataObject) -> None:
    payloads = encoded(*message_events(tuple(parts)), *closing_events("end_turn"))
    assembler = MessagesAssembler(SEAL, frozenset({"apply_patch"}))
    seen: list[ModelEvent] = []
    while payloads:
        size = data.draw(st.integers(1, len(payloads)))
        seen += assembler.feed(payloads[:size])
        payloads = payloads[size:]
    whole = [
        Call(part.name, part.arguments, part.call_id, part.custom)
        if isinstance(part, Call)
        else Think(part.text, 1, part.signature)
        if isinstance(part, Think)
        else Say(part.text)
        for part in parts
    ]
    assert essence(seen) == essence(run(*whole))
    assert isinstance(seen[-1], Completed)


@given(spoken, st.data())
def test_a_stream_that_stops_anywhere_has_no_half_call(parts: list[Spoken], data: st.DataObject) -> None:
    whole = {part.call_id: part.arguments for part in parts if isinstance(part, Call)}
    payloads = encoded(*message_events(tuple(parts)), *closing_events("end_turn", whole=False))
    assembler = MessagesAssembler(SEAL, frozenset({"apply_patch"}))
    seen = assembler.feed(payloads[: data.draw(st.integers(0, len(payloads)))])
    done = [item for item in items(seen) if "call_id" in item]
    assert all(item.get("arguments", item.get("input")) == whole[item["call_id"]] for item in done)
    assert len({item["call_id"] for item in done}) == len(done)
    assert not assembler.finished


kinds = st.sampled_from(
    ["content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "ping"]
)
some_blocks = st.sampled_from(
    [
        {"type": "text", "text": "a"},
        {"type": "thinking", "thinking": "b"},
        {"type": "redacted_thinking", "data": "c"},
        {"type": "tool_use", "id": "d", "name": "t", "input": {}},
        {"type": "tool_use", "name": ANSWER_TOOL},
        {},
        None,
    ]
)
some_events = st.fixed_dictionaries(
    {"type": kinds},
    optional={
        "index": st.integers(0, 2),
        "content_block": some_blocks,
        "delta": st.sampled_from(
            [
                {"text": "x"},
                {"thinking": "y"},
                {"partial_json": "{}"},
                {"signature": "s"},
                {"stop_reason": "max_tokens"},
            ]
        ),
    },
)


@given(st.lists(some_events, max_size=20))
def test_any_sequence_keeps_the_promises_to_the_consumer(events: list[Json]) -> None:
    assembler = MessagesAssembler(SEAL)
    seen = assembler.feed(encoded(*events))
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
    assert len(set(finished)) == len(finished)
    assert [isinstance(event, Completed | Incomplete) for event in seen].count(True) == assembler.finished
