"""Chunks of a chat stream as events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.chat.assembler import ChatAssembler
from spindled.model.errors import Kind, ModelError
from spindled.model.events import (
    Completed,
    Incomplete,
    ItemAdded,
    ItemDone,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from spindled.model.sealed import Seal
from tests.support.fake_chat import chunk, closing_chunks, spoken_chunks
from tests.support.spoken import Call, Say, Spoken, Think

Json = dict[str, Any]
SEAL = Seal("p", "chat")
DONE = b"[DONE]"
STOP = chunk(finish="stop")


def encoded(*chunks: Json | bytes) -> list[bytes]:
    return [each if isinstance(each, bytes) else json.dumps(each).encode() for each in chunks]


def run(*chunks: Json | bytes, done: bool = True) -> list[ModelEvent]:
    assembler = ChatAssembler(SEAL, frozenset({"apply_patch"}))
    seen = assembler.feed(encoded(*chunks, *([DONE] if done else [])))
    if assembler.error is not None:
        raise assembler.error
    return seen


def items(events: list[ModelEvent]) -> list[Json]:
    return [event.item for event in events if isinstance(event, ItemDone)]


def texts(item: Json) -> str:
    return "".join(part["text"] for part in item["content"])


def fragment(index: int | None = 0, call_id: str | None = None, name: str | None = None, arguments: Any = None) -> Json:
    part = {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}
    return chunk(tool_calls=[part])


def calls(*chunks: Json) -> list[tuple[str, str, str]]:
    found = items(run(*chunks, chunk(finish="tool_calls")))
    return [(item["call_id"], item["name"], item["arguments"]) for item in found]


def test_reasoning_then_text() -> None:
    seen = run(*spoken_chunks((Think("ab", 2), Say("cd", 2))), STOP)
    thought, message = (event.item["id"] for event in seen if isinstance(event, ItemAdded))
    done, final = items(seen)
    assert [event for event in seen if not isinstance(event, ItemAdded)] == [
        ReasoningDelta(thought, 0, "a"),
        ReasoningDelta(thought, 0, "b"),
        ItemDone(done),
        TextDelta(message, "c"),
        TextDelta(message, "d"),
        ItemDone(final),
        Completed("c1"),
    ]
    assert done["content"] == [{"type": "reasoning_text", "text": "ab"}]
    assert SEAL.open(done) == {"field": "reasoning_content"}
    assert (final["role"], final["status"], texts(final)) == ("assistant", "completed", "cd")


def test_the_same_thought_in_two_fields_counts_once() -> None:
    (thought,) = items(run(chunk(reasoning_content="a", reasoning="a"), STOP))
    assert texts(thought) == "a"


def test_white_space_alone_makes_no_message() -> None:
    seen = run(chunk(content="\n\n"), fragment(0, "c", "t", "{}"), chunk(content="\n"), chunk(finish="tool_calls"))
    assert [item["type"] for item in items(seen)] == ["function_call"]
    assert texts(items(run(chunk(content=" "), chunk(content="a"), STOP))[0]) == " a"


def test_fragments() -> None:
    """Row 1-08."""
    assert calls(
        fragment(0, "a", "sh", ""),
        fragment(0, None, "ell", '{"c'),
        fragment(1, "b", "t", "{}"),
        fragment(0, "", None, '":1}'),
    ) == [("a", "shell", '{"c":1}'), ("b", "t", "{}")]


def test_an_id_may_come_late_or_never() -> None:
    assert calls(fragment(0, None, "t"), fragment(0, "late", None, "{}"))[0][0] == "late"
    seen = run(fragment(0, None, "t", "{"), fragment(0, "too late", None, "}"), chunk(finish="tool_calls"))
    announced = next(event.item for event in seen if isinstance(event, ItemAdded))
    assert announced["call_id"].startswith("call_")
    assert items(seen)[0]["call_id"] == announced["call_id"]


@pytest.mark.parametrize("index", [0, None])
def test_calls_that_are_all_counted_alike(index: int | None) -> None:
    found = calls(fragment(index, "a", "t", '{"n":1}'), fragment(index, "b", "t", '{"n":2}'))
    assert found == [("a", "t", '{"n":1}'), ("b", "t", '{"n":2}')]


def test_a_call_without_arguments() -> None:
    assert calls(fragment(0, "a", "t", ""), fragment(1, "b", "t", "{}")) == [("a", "t", "{}"), ("b", "t", "{}")]


def test_arguments_as_an_object() -> None:
    assert calls(fragment(0, "a", "t", {"n": 1})) == [("a", "t", '{"n":1}')]


def test_the_older_form_of_a_call() -> None:
    old = [chunk(function_call={"name": "t", "arguments": ""}), chunk(function_call={"arguments": "{}"})]
    assert [item["name"] for item in items(run(*old, chunk(finish="function_call")))] == ["t"]


def test_a_custom_tool_is_unwrapped() -> None:
    (item,) = items(run(*spoken_chunks((Call("apply_patch", 'a\n"b"', custom=True, deltas=3),)), STOP))
    assert (item["type"], item["input"]) == ("custom_tool_call", 'a\n"b"')


def test_a_call_is_told_as_soon_as_the_next_one_begins() -> None:
    seen = run(*spoken_chunks((Call("t", "{}", "a"), Call("t", "{}", "b"))), chunk(finish="tool_calls"))
    assert [type(event) for event in seen] == [ItemAdded, ItemDone, ItemAdded, ItemDone, Completed]


def test_malformed_arguments_of_a_whole_response_are_told() -> None:
    assert calls(fragment(0, "a", "t", '{"n":')) == [("a", "t", '{"n":')]


def test_other_choices_are_ignored() -> None:
    other = {**chunk(content="no"), "choices": [{"index": 1, "delta": {"content": "no"}}]}
    assert texts(items(run(chunk(content="yes"), other, STOP))[0]) == "yes"


def test_refusals_and_parts_are_text() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "yes"}]
    thought, message = items(run(chunk(content=parts), STOP))
    assert (texts(thought), texts(message)) == ("hm", "yes")
    assert texts(items(run(chunk(content=None, refusal="No."), STOP))[0]) == "No."


@pytest.mark.parametrize(
    ("reason", "told"),
    [("length", "max_output_tokens"), ("model_length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_ends_that_are_incomplete(reason: str, told: str) -> None:
    seen = run(fragment(0, "a", "t", "{}"), fragment(1, "b", "u", '{"n'), fragment(2, "c", "v"), chunk(finish=reason))
    assert [item["call_id"] for item in items(seen)] == ["a"]
    assert seen[-1] == Incomplete("c1", None, told, ["u", "v"])


@pytest.mark.parametrize(
    ("reason", "kind"), [("error", Kind.DISCONNECTED), ("insufficient_system_resource", Kind.OVERLOADED)]
)
def test_ends_that_are_failures(reason: str, kind: Kind) -> None:
    with pytest.raises(ModelError) as caught:
        run(chunk(content="x"), chunk(finish=reason))
    assert caught.value.kind is kind


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "eos", None])
def test_other_ends_are_whole(reason: str | None) -> None:
    assert isinstance(run(chunk(content="x"), *([chunk(finish=reason)] if reason else []))[-1], Completed)


def test_an_end_without_a_reason_within_a_call() -> None:
    with pytest.raises(ModelError, match="within a call"):
        run(fragment(0, "a", "t", '{"n'))


def test_nothing_ends_without_done() -> None:
    assert not items(run(*spoken_chunks((Say("x"), Call("t", '{"n'))), done=False))[1:]
    assert items(run(chunk(content="x"), STOP, done=False)) == []


USAGES: list[tuple[Json, Usage]] = [
    (
        {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        Usage(9, 2, 1, 4, 3, 13),
    ),
    ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 5}, Usage(9, 5, 0, 4, 0, 13)),
    ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": None}, Usage(9, 0, 0, 4, 0, 13)),
]


@pytest.mark.parametrize(("sent", "told"), USAGES)
def test_usage(sent: Json, told: Usage) -> None:
    assert run(chunk(content="x"), *closing_chunks("stop", sent))[-1] == Completed("c1", told)


def test_the_latest_usage_counts() -> None:
    """Row 4-56."""
    early, late = ({"prompt_tokens": count, "completion_tokens": 1} for count in (5, 7))
    seen = run({**chunk(content="x"), "usage": early}, STOP, {**chunk(), "choices": [], "usage": late})
    assert isinstance(seen[-1], Completed)
    assert seen[-1].usage == Usage(7, 0, 0, 1, 0, 8)


def test_usage_of_a_choice_and_timings() -> None:
    inner = chunk(finish="stop")
    inner["choices"][0]["usage"] = {"prompt_tokens": 1, "completion_tokens": 1}
    assert run(chunk(content="x"), inner)[-1] == Completed("c1", Usage(1, 0, 0, 1, 0, 2))
    timings = {"cache_n": 7, "prompt_n": 3, "predicted_n": 5, "predicted_per_second": 9.5}
    assert run(chunk(content="x"), {**STOP, "timings": timings})[-1] == Completed("c1", Usage(10, 7, 0, 5, 0, 15))


def test_details_of_reasoning_are_put_together() -> None:
    def details(*entries: Json, **more: Any) -> Json:
        return chunk(reasoning_details=list(entries), **more)

    text = {"type": "reasoning.text", "index": 0, "format": "f"}
    seen = run(
        details({**text, "text": "a"}, reasoning="a"),
        details({**text, "text": "b", "signature": "s"}, reasoning="b"),
        chunk(content="yes"),
        details({"type": "reasoning.encrypted", "index": 1, "data": "d"}),
        STOP,
    )
    thought, message, late = items(seen)
    assert SEAL.open(thought) == {"field": "reasoning", "details": [{**text, "text": "ab", "signature": "s"}]}
    assert texts(message) == "yes"
    assert SEAL.open(late) == {"details": [{"type": "reasoning.encrypted", "index": 1, "data": "d"}]}


def test_details_may_be_all_of_a_thought() -> None:
    sealed = {"type": "reasoning.encrypted", "index": 0, "data": "d"}
    thought, message = items(
        run(chunk(content="", reasoning_details=[]), chunk(reasoning_details=[sealed]), chunk(content="yes"), STOP)
    )
    assert SEAL.open(thought) == {"details": [sealed]}
    assert texts(message) == "yes"


@pytest.mark.parametrize("noise", [b"", b"null", b"keep-alive", b"7", b"{}", b'{"choices":[]}', b'{"choices":null}'])
def test_noise(noise: bytes) -> None:
    assert len(items(run(noise, chunk(content="x"), noise, STOP))) == 1


@pytest.mark.parametrize("payload", [b'{"choices":[{"delta":{"content":', b'{"choices":[{"delta":7}]}'])
def test_a_broken_chunk_breaks_the_stream(payload: bytes) -> None:
    with pytest.raises(ModelError, match="malformed event") as caught:
        run(payload)
    assert caught.value.retryable


def test_nothing_follows_the_end() -> None:
    assert run(STOP, DONE, chunk(content="late"))[1:] == []


# -- any cutting -----------------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: not text.isspace()
)
objects = st.dictionaries(st.text(max_size=3), st.integers() | words, max_size=3).map(json.dumps)
spoken = st.lists(
    st.builds(Think, words, st.integers(1, 4))
    | st.builds(Say, words, st.integers(1, 4))
    | st.builds(Call, st.sampled_from(["shell", "read"]), objects, deltas=st.integers(1, 6))
    | st.builds(Call, st.just("apply_patch"), words, custom=st.just(True), deltas=st.integers(1, 6)),
    min_size=1,
    max_size=6,
)


def essence(events: list[ModelEvent]) -> list[Json]:
    return [{name: value for name, value in item.items() if name != "id"} for item in items(events)]


def numbered(parts: list[Spoken]) -> tuple[Spoken, ...]:
    return tuple(
        Call(part.name, part.arguments, f"call_{number}", part.custom, part.deltas) if isinstance(part, Call) else part
        for number, part in enumerate(parts)
    )


def in_one(parts: tuple[Spoken, ...]) -> tuple[Spoken, ...]:
    """The same without any cutting."""
    whole: list[Spoken] = []
    for part in parts:
        if isinstance(part, Call):
            whole.append(Call(part.name, part.arguments, part.call_id, part.custom))
        else:
            whole.append(type(part)(part.text))
    return tuple(whole)


@given(spoken, st.data())
def test_any_cutting_makes_the_same_items(parts: list[Spoken], data: st.DataObject) -> None:
    cut = numbered(parts)
    payloads = encoded(*spoken_chunks(cut), STOP, DONE)  # type: ignore[arg-type]
    assembler = ChatAssembler(SEAL, frozenset({"apply_patch"}))
    seen: list[ModelEvent] = []
    while payloads:
        size = data.draw(st.integers(1, len(payloads)))
        seen += assembler.feed(payloads[:size])
        payloads = payloads[size:]
    assert essence(seen) == essence(run(*spoken_chunks(in_one(cut)), STOP))  # type: ignore[arg-type]
    assert isinstance(seen[-1], Completed)


@given(spoken, st.data())
def test_a_stream_that_stops_anywhere_has_no_half_call(parts: list[Spoken], data: st.DataObject) -> None:
    cut = numbered(parts)
    whole = {part.call_id: part.arguments for part in cut if isinstance(part, Call)}
    payloads = encoded(*spoken_chunks(cut), STOP)  # type: ignore[arg-type]
    assembler = ChatAssembler(SEAL, frozenset({"apply_patch"}))
    seen = assembler.feed(payloads[: data.draw(st.integers(0, len(payloads)))])
    done = [item for item in items(seen) if "call_id" in item]
    assert all(item.get("arguments", item.get("input")) == whole[item["call_id"]] for item in done)
    assert len({item["call_id"] for item in done}) == len(done)
    assert not assembler.finished


MEMBERS = [
    *("choices", "delta", "content", "tool_calls", "function", "name", "arguments", "index", "id", "reasoning"),
    *("finish_reason", "usage", "reasoning_details", "text", "type", "timings"),
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "a", "stop", "length", "{}"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=12,
)
deltas = st.fixed_dictionaries(
    {},
    optional={
        "content": anything | st.just("text"),
        "reasoning": anything | st.just("thought"),
        "reasoning_details": anything,
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": st.integers(0, 2) | st.none(),
                    "id": st.sampled_from(["a", "b", "", None]),
                    "function": st.fixed_dictionaries({"name": st.sampled_from(["t", None]), "arguments": anything}),
                },
            ),
            max_size=2,
        ),
    },
)
some_chunks = st.builds(
    lambda delta, reason: {"choices": [{"delta": delta, "finish_reason": reason}]},
    deltas,
    st.sampled_from([None, None, None, "stop", "length"]),
)


@given(st.lists(some_chunks | anything, max_size=12))
def test_any_sequence_keeps_the_promises_to_the_consumer(chunks: list[Any]) -> None:
    assembler = ChatAssembler(SEAL)
    seen = assembler.feed([*(json.dumps(each).encode() for each in chunks), DONE])
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
    assert (assembler.error is None) == assembler.finished


def test_what_goes_back_with_calls_is_kept_beside_them() -> None:
    """Gemini refuses a call that comes back without its signature."""
    extra = {"google": {"thought_signature": "sig"}}
    first = {"index": 0, "id": "c1", "extra_content": extra, "function": {"name": "shell", "arguments": "{}"}}
    second = {"index": 1, "id": "", "extra_content": extra, "function": {"name": "shell", "arguments": "{}"}}
    plain = {"index": 2, "id": "c3", "function": {"name": "shell", "arguments": "{}"}}
    one, two, _, late = items(run(chunk(tool_calls=[first, second, plain]), STOP))
    assert SEAL.open(late) == {"calls": {"c1": extra, two["call_id"]: extra}}
    assert one["call_id"] == "c1"
