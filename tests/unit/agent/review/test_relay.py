from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spindled.agent.events import ThreadEvents
from spindled.agent.review.relay import Relay
from spindled.agent.turn.turn import RunningTurn
from spindled_protocol.types import (
    AgentMessageThreadItem,
    FileChangeRequestApprovalParams,
    FileChangeRequestApprovalResponse,
    ReasoningThreadItem,
    Turn,
    TurnError,
)
from tests.unit.agent.world import ScriptedModel, World, words


class Stage:
    """A thread with a turn, and the events of a reviewer that are relayed to it."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, ScriptedModel())
        self.turn = RunningTurn(self.world.thread, self.world.settings, words("x"))
        self.relay = Relay(self.turn)
        self.events = ThreadEvents("reviewer", self.relay)

    @property
    def told(self) -> list[str]:
        return self.world.followers.methods

    def last(self) -> Any:
        return self.world.followers.told[-1][1]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def thought() -> ReasoningThreadItem:
    return ReasoningThreadItem(id="r", summary=[], content=[], startedAtMs=1, completedAtMs=2)


def test_work_is_told_as_that_of_the_turn(stage: Stage) -> None:
    stage.events.item_started("inner", thought(), 1)
    assert (stage.last()["threadId"], stage.last()["turnId"]) == ("thread", stage.turn.id)
    stage.events.item_completed("inner", thought(), 2)
    assert (stage.told, stage.last()["turnId"]) == (["item/started", "item/completed"], stage.turn.id)
    assert stage.world.journal.kinds == ["item_completed"]  # the thread keeps it, too
    stage.events.warning("careful")
    assert stage.last() == {"threadId": "thread", "message": "careful"}


def test_messages_and_the_inner_turn_are_not_told(stage: Stage) -> None:
    said = AgentMessageThreadItem(id="m", text="{}")
    stage.events.item_started("inner", said, 1)
    stage.events.message_delta("inner", "m", "{}")
    stage.events.item_completed("inner", said, 1)
    stage.events.active()
    stage.events.error("inner", TurnError(message="no"), will_retry=False)
    ended = Turn(id="inner", items=[], status="completed")
    stage.events.turn_started(ended)
    stage.events.turn_completed(ended)
    stage.events.idle()
    assert stage.told == []
    assert stage.relay.outcome is ended


def test_what_the_reviewer_waits_for_the_thread_waits_for(stage: Stage) -> None:
    stage.events.active("waitingOnApproval")
    stage.events.active()
    stage.events.active()
    assert stage.world.followers.statuses == [["waitingOnApproval"], []]


async def test_questions_are_asked_in_the_turns_name(stage: Stage) -> None:
    stage.world.followers.answer = "accept"
    ask = FileChangeRequestApprovalParams(threadId="reviewer", turnId="inner", itemId="i", startedAtMs=1)
    method = "item/fileChange/requestApproval"
    answer = await stage.relay.ask(method, ask, FileChangeRequestApprovalResponse)
    assert answer.decision == "accept"
    [(asked, params)] = stage.world.followers.asked
    assert (asked, params["threadId"], params["turnId"], params["itemId"]) == (method, "thread", stage.turn.id, "i")
