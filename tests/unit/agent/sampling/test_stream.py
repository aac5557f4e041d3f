from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.events import ThreadEvents
from spindled.agent.sampling.stream import Drafts
from spindled.model.events import (
    ItemAdded,
    ItemDone,
    ReasoningDelta,
    SummaryDelta,
    SummaryPartAdded,
    TextDelta,
)
from spindled_protocol.types import AgentMessageThreadItem
from tests.unit.agent.world import RecordingFollowers, begun, said

Finished = list[tuple[Any, ...]]


class Ids:
    """Like a turn's: the proposed id, or a new one if it is missing or used."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def __call__(self, proposed: str) -> str:
        found = proposed if proposed and proposed not in self.used else f"new{len(self.used)}"
        self.used.add(found)
        return found


class Stage:
    def __init__(
        self,
        ids: Ids | None = None,
        followers: RecordingFollowers | None = None,
        raw: bool = False,
        planning: bool = False,
    ) -> None:
        self.followers = followers or RecordingFollowers()
        self.finished: Finished = []
        self.drafts = Drafts(
            ThreadEvents("thread", self.followers),
            "turn",
            lambda item, *shown: self.finished.append((item, *shown)),
            raw_reasoning=raw,
            new_id=ids or Ids(),
            planning=planning,
        )

    def feed(self, *events: Any) -> None:
        for event in events:
            self.drafts.feed(event)

    def text_of(self, item_id: str) -> str:
        deltas = self.followers.of("item/agentMessage/delta")
        return "".join(params["delta"] for params in deltas if params["itemId"] == item_id)


def test_a_message_from_start_to_end() -> None:
    stage = Stage()
    stage.feed(*said("m", "Hel", "lo"))
    assert stage.followers.methods == ["item/started", *["item/agentMessage/delta"] * 2]
    [(item, shown)] = stage.finished
    assert (item["id"], shown.id, shown.text) == ("m", "m", "Hello")
    assert shown.startedAtMs <= shown.completedAtMs
    assert stage.drafts.cut() == []


def test_an_item_that_was_never_begun_is_started_when_it_is_done() -> None:
    stage = Stage()
    stage.feed(said("m", "all at once")[-1])
    assert stage.followers.methods == ["item/started"]
    assert stage.finished[0][1].text == "all at once"


def test_deltas_of_unknown_items_are_dropped() -> None:
    stage = Stage()
    stage.feed(TextDelta("m", "x"), SummaryDelta("r", 0, "x"), SummaryPartAdded("r", 0), ReasoningDelta("r", 0, "x"))
    assert stage.followers.told == []


def test_calls_show_nothing() -> None:
    stage = Stage()
    call = {"type": "function_call", "id": "f", "call_id": "c", "name": "n", "arguments": "{}"}
    stage.feed(ItemAdded(call), ItemDone(call))
    assert stage.followers.told == []
    assert stage.finished == [(call,)]


def test_reasoning() -> None:
    def run(raw: bool) -> Stage:
        stage = Stage(raw=raw)
        item = {"type": "reasoning", "id": "r", "summary": [{"text": "short"}], "content": [{"text": "long"}]}
        stage.feed(
            ItemAdded({"type": "reasoning", "id": "r", "summary": []}),
            SummaryPartAdded("r", 0),
            SummaryDelta("r", 0, "short"),
            ReasoningDelta("r", 0, "long"),
            ItemDone(item),
        )
        return stage

    hidden, raw = run(raw=False), run(raw=True)
    assert "item/reasoning/textDelta" not in hidden.followers.methods
    assert (hidden.finished[0][1].summary, hidden.finished[0][1].content) == (["short"], [])
    assert "item/reasoning/textDelta" in raw.followers.methods
    assert raw.finished[0][1].content == ["long"]


def test_cut_keeps_the_part_that_was_seen() -> None:
    stage = Stage()
    stage.feed(begun("silent"), ItemAdded({"type": "reasoning", "id": "r"}), begun("m"), TextDelta("m", "Hal"))
    [(item, [shown])] = stage.drafts.cut()
    assert isinstance(shown, AgentMessageThreadItem)
    assert (shown.id, shown.text) == ("m", "Hal")
    assert item["content"][0]["text"] == "Hal"
    assert stage.drafts.cut() == []


def test_an_id_that_an_attempt_reuses_is_new_to_the_followers() -> None:
    ids, followers = Ids(), RecordingFollowers()
    Stage(ids, followers).feed(begun("m"), TextDelta("m", "lost"))
    second = Stage(ids, followers)
    second.feed(*said("m", "kept"))
    shown = second.finished[0][1]
    assert shown.id != "m"
    assert second.text_of("m") == "lost"
    assert second.text_of(shown.id) == "kept"


names = st.sampled_from(["m1", "m2", "r1", ""])


def _item(name: str, text: str) -> dict[str, Any]:
    if name.startswith("r"):
        return {"type": "reasoning", "id": name, "summary": [{"text": text}]}
    return {"type": "message", "id": name, "role": "assistant", "content": [{"type": "output_text", "text": text}]}


streams = st.lists(
    st.one_of(
        st.builds(lambda name: ItemAdded(_item(name, "")), names),
        st.builds(TextDelta, names, st.text(max_size=3)),
        st.builds(SummaryDelta, names, st.integers(0, 1), st.text(max_size=3)),
        st.builds(lambda name, text: ItemDone(_item(name, text)), names, st.text(max_size=3)),
    ),
    max_size=25,
)


@given(st.lists(streams, min_size=1, max_size=3))
def test_whatever_the_order_of_events(attempts: list[list[Any]]) -> None:
    ids, followers = Ids(), RecordingFollowers()
    shown_ids: list[str] = []
    for events in attempts:
        stage = Stage(ids, followers)
        stage.feed(*events)
        done = [event.item for event in events if isinstance(event, ItemDone)]
        assert [item for item, *_ in stage.finished] == done  # once each, in order
        kept = [shown for _, [shown] in stage.drafts.cut()]
        for message in kept:
            assert isinstance(message, AgentMessageThreadItem)
            assert message.text == stage.text_of(message.id) != ""
        shown_ids += [each.id for each in [*(each for _, *shown in stage.finished for each in shown), *kept]]
    started = [params["item"]["id"] for params in followers.of("item/started")]
    assert len(started) == len(set(started))  # no id is ever started twice
    assert len(shown_ids) == len(set(shown_ids))
    assert set(shown_ids) <= set(started)
    for method, params in followers.told:
        if method != "item/started":
            assert params["itemId"] in started


PLANNED = "Look:\n<proposed_plan>\n# Do it\n- so\n</proposed_plan>\nGood?"


def test_a_plan_is_an_item_of_its_own() -> None:
    stage = Stage(planning=True)
    stage.feed(*said("m", *PLANNED))
    [(_, plan, message)] = stage.finished
    assert (plan.id, plan.text) == ("turn-plan", "# Do it\n- so\n")
    assert (message.id, message.text) == ("m", "Look:\nGood?")
    assert stage.text_of("m") == message.text
    assert "".join(params["delta"] for params in stage.followers.of("item/plan/delta")) == plan.text
    started = [params["item"]["type"] for params in stage.followers.of("item/started")]
    assert started == ["agentMessage", "plan"]


def test_a_message_that_is_only_a_plan_is_no_message() -> None:
    stage = Stage(planning=True)
    stage.feed(*said("m", " \n", "<proposed_plan>\n", "x\n", "</proposed_plan>", "\n"))
    [(_, plan)] = stage.finished
    assert plan.text == "x\n"
    assert stage.followers.methods == ["item/started", "item/plan/delta"]


def test_a_plan_that_was_never_streamed_is_shown_when_it_is_done() -> None:
    stage = Stage(planning=True)
    stage.feed(said("m", PLANNED)[-1])
    assert [each.text for each in stage.finished[0][1:]] == ["# Do it\n- so\n", "Look:\nGood?"]
    assert stage.followers.methods == ["item/started"] * 2


def test_a_plan_that_is_cut_keeps_what_was_seen() -> None:
    stage = Stage(planning=True)
    stage.feed(begun("m"), TextDelta("m", "Look:\n<proposed_plan>\n# Do"))
    [(item, [plan, message])] = stage.drafts.cut()
    assert (getattr(plan, "text", ""), getattr(message, "text", "")) == ("# Do", "Look:\n")
    assert item["content"][0]["text"] == "Look:\n<proposed_plan>\n# Do"


def test_a_search_of_the_provider_is_shown_from_its_start() -> None:
    stage = Stage()
    begun_item = {"type": "web_search_call", "id": "ws", "status": "in_progress"}
    found = {**begun_item, "status": "completed", "action": {"type": "open_page", "url": "https://x"}}
    stage.feed(ItemAdded(begun_item), ItemDone(found))
    [started] = [params["item"] for params in stage.followers.of("item/started")]
    assert (started["id"], started["query"], started["action"]) == ("ws", "", None)
    [(item, shown)] = stage.finished
    assert item is found
    assert (shown.id, shown.query, shown.action.url) == ("ws", "https://x", "https://x")
    assert shown.completedAtMs >= shown.startedAtMs


def test_what_a_search_looked_for() -> None:
    stage = Stage()
    for number, action in enumerate(
        (
            {"type": "search", "queries": ["a", "b"]},
            {"type": "find_in_page", "url": "https://x", "pattern": "y"},
            {"type": "other"},
        )
    ):
        stage.feed(ItemDone({"type": "web_search_call", "id": f"ws{number}", "action": action}))
    assert [shown.query for _, shown in stage.finished] == ["a, b", "y in https://x", ""]
