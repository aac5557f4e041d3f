"""What a cell has to show afterwards; each finding is a line for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults.matrix.cell import Cell, Told
from tests.faults.matrix.failures import Moment, Outcome
from tests.support.client import Message
from tests.unit.agent.world import assert_valid

OURS = ("<environment_context>", "<permissions", "<turn_aborted>", "<turn_note>", "<project")
"""How messages begin that the daemon adds to a conversation."""
SUMMARY = ("user", "a summary")
SHOWN = 60


def findings(cell: Cell, read: Message) -> Iterator[str]:
    """What is wrong. `read`: the answer to thread/read after the last turn."""
    assert cell.told is not None
    ended = cell.told.of("turn/completed", cell.begun)[0]["turn"]
    last = next(index for index, each in enumerate(cell.told.messages) if _ends(each, ended["id"])) + 1
    part = Told.__new__(Told)
    part.messages = cell.told.messages[cell.begun : last]
    yield from _ending(cell.expected, part, ended)
    yield from _notices(cell, part, ended)
    yield from _attempts(cell)
    yield from _texts(cell, part)
    yield from _stored(cell, read)
    yield from _conversation(cell)


def _ends(message: Message, turn_id: str) -> bool:
    return message["method"] == "turn/completed" and message["params"]["turn"]["id"] == turn_id


def _ending(expected: Outcome, told: Told, ended: Message) -> Iterator[str]:
    info = (ended["error"] or {}).get("codexErrorInfo")
    if (ended["status"], info) != (expected.status, expected.info):
        yield f"ended {ended['status']} {info}, not {expected.status} {expected.info}: {ended['error']}"
    if bool(told.items("contextCompaction")) != expected.compacted:
        yield f"compacted: {not expected.compacted}"


def _notices(cell: Cell, told: Told, ended: Message) -> Iterator[str]:
    errors = told.of("error")
    notices = [each for each in errors if each["willRetry"]]
    final = [each for each in errors if not each["willRetry"]]
    if not cell.expected.notices <= len(notices) <= cell.expected.notices * cell.retries:
        yield f"{len(notices)} notices of a retry, not {cell.expected.notices}"
    info = {"responseStreamDisconnected": {"httpStatusCode": cell.row.noticed}}
    for number, notice in enumerate(notices, 1):
        error = notice["error"]
        told_right = error["message"] == f"Reconnecting... {number}/{cell.retries}" and error["additionalDetails"]
        if error["codexErrorInfo"] != info or not told_right:
            yield f"notice {error}"
    if [each["error"] for each in final] != ([ended["error"]] if ended["status"] == "failed" else []):
        yield f"final errors {final}"
    if any(each["turnId"] != ended["id"] for each in errors):
        yield "an error of another turn"


def _attempts(cell: Cell) -> Iterator[str]:
    made = cell.requests[cell.made]
    late = 1 if cell.moment is Moment.WAIT and cell.row.make is not None else 0
    if not cell.expected.requests <= len(made) <= cell.expected.requests + late:
        yield f"{len(made)} requests, not {cell.expected.requests}"
    skipped = 1 if cell.moment is Moment.TOOL else 0
    gaps = [after.at - before.at for before, after in pairwise(made[skipped:])]
    if any(gap < cell.row.gap_s for gap in gaps):
        yield f"not waited for {cell.row.gap_s} s: {gaps}"


def _texts(cell: Cell, told: Told) -> Iterator[str]:
    """Every message is what its deltas were, and none is there twice."""
    completed = told.items("agentMessage")
    if len({item["id"] for item in completed}) != len(completed):
        yield "an item is completed twice"
    for item in completed:
        deltas = "".join(each["delta"] for each in told.of("item/agentMessage/delta") if each["itemId"] == item["id"])
        if deltas not in (item["text"], ""):
            yield f"deltas {deltas[:SHOWN]!r} of {item['text'][:SHOWN]!r}"
    seen = "".join(each["delta"] for each in told.of("item/agentMessage/delta"))
    expected = cell.expected.texts
    if cell.moment is Moment.INTERRUPT:  # what was seen is kept
        expected = (seen,) if seen else ()
    texts = tuple(item["text"] for item in completed)
    if texts != expected:
        yield f"texts {[text[:SHOWN] for text in texts]}, not {[text[:SHOWN] for text in expected]}"


def _stored(cell: Cell, read: Message) -> Iterator[str]:
    """The rollout and what thread/read makes of it hold what was told, once and in order."""
    assert cell.told is not None
    told = [item["text"] for item in cell.told.items("agentMessage")]
    rows = [json.loads(line) for line in Path(cell.told.path).read_text().splitlines()]
    items = [row["payload"] for row in rows if row["type"] == "response_item"]
    stored = [text for role, text in _messages(items) if role == "assistant"]
    if stored != told:
        yield f"the rollout says {[text[:SHOWN] for text in stored]}, told was {[text[:SHOWN] for text in told]}"
    shown = [item for turn in read["thread"]["turns"] for item in turn["items"]]
    if [item["text"] for item in shown if item["type"] == "agentMessage"] != told:
        yield "thread/read says other texts"
    ends = [each["turn"]["status"] for each in cell.told.of("turn/completed")]
    if [turn["status"] for turn in read["thread"]["turns"]] != ends:
        yield f"thread/read says {[turn['status'] for turn in read['thread']['turns']]}, told was {ends}"


def _conversation(cell: Cell) -> Iterator[str]:
    """The last request holds all that was said, once and in order, and each call with its output."""
    assert cell.told is not None
    body = cell.requests[-1].json
    items = [item for params in cell.told.of("item/completed") if (item := params["item"])]
    questions = [_said(item)[1] for item in items if item["type"] == "userMessage"]
    answers = [item["text"] for item in items if item["type"] == "agentMessage"][:-1]
    if cell.row.api != "responses":
        text = json.dumps(body["messages"], ensure_ascii=False)
        for each in {*answers, *questions}:
            if text.count(each) != [*answers, *questions].count(each):
                yield f"{each!r} is {text.count(each)} times in the next request"
        return
    try:
        assert_valid(body["input"])
    except (AssertionError, KeyError) as fault:
        yield f"the next request is not valid: {fault!r}"
    conversation = list(_remembered(items))[:-1]
    asked = [_marked(role, text, conversation) for role, text in _messages(body["input"])]
    if asked != conversation:
        yield f"the next request says {_short(asked)}, told was {_short(conversation)}"
    calls = [item for item in body["input"] if item["type"] == "function_call"]
    if len(calls) != (cell.moment is Moment.TOOL and SUMMARY not in conversation):
        yield f"{len(calls)} calls in the next request"


def _remembered(items: list[Message]) -> Iterator[tuple[str, str]]:
    """What was said, with a summary in place of the answers that a compaction found."""
    compactions = [index for index, item in enumerate(items) if item["type"] == "contextCompaction"]
    last = compactions[-1] if compactions else -1
    for index, item in enumerate(items):
        if index == last:
            yield SUMMARY
        elif item["type"] == "userMessage" or (item["type"] == "agentMessage" and index > last):
            yield _said(item)


def _marked(role: str, text: str, conversation: list[tuple[str, str]]) -> tuple[str, str]:
    """A text that nobody said stands for others."""
    return (role, text) if role != "user" or (role, text) in conversation else SUMMARY


def _said(item: Message) -> tuple[str, str]:
    if item["type"] == "agentMessage":
        return "assistant", item["text"]
    return "user", "".join(part["text"] for part in item["content"])


def _messages(items: list[Any]) -> Iterator[tuple[str, str]]:
    """Role and text of what was said, without what the daemon adds."""
    for item in items:
        if item.get("type") == "message" and item["role"] in ("user", "assistant"):
            text = "".join(part.get("text", "") for part in item["content"])
            if not text.startswith(OURS):
                yield item["role"], text


def _short(said: list[tuple[str, str]]) -> list[str]:
    return [f"{role}: {text[:SHOWN]}" for role, text in said]
