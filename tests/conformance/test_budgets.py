"""Budgets over the wire. Each test names the rows of the capability table that it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spindled.store.rollout import rows
from tests.conformance.conftest import Launch
from tests.conformance.steps import (
    INVALID,
    command,
    decide,
    open_thread,
    outputs,
    patch,
    refusal,
    shows,
    text_input,
)
from tests.conftest import Spawn
from tests.support.client import Client, Message, is_completion_of
from tests.support.fake_items import Json, function_call, hold, message
from tests.support.fake_provider import FakeProvider, answer, stream
from tests.support.flow import ANSWERED, COMPLETED, FAILED, PIECES, STARTED, flow, items, of, turn_of
from tests.support.home import Home
from tests.support.processes import alive

QUESTION = "item/tool/requestUserInput"
USAGE: Json = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40},
    "output_tokens": 10,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 110,
}
PRICES = '[model_prices."gpt-5.5"]\ninput = 1000\ncached_input = 500\noutput = 2000\n'
"""USAGE costs 0.1 USD: 60 tokens at 1000, 40 at 500 and 10 at 2000 a million."""
TALLY: Json = {"totalTokens": 110, "inputTokens": 100, "outputTokens": 10, "reasoningTokens": 4}


def calls(*ids: str, usage: Json | None = None) -> Any:
    """A response of commands that leave a file of their name."""
    return stream(*(command(f"touch {call_id}", call_id) for call_id in ids), usage=usage or USAGE)


def stop(messages: list[Message]) -> Json:
    """Why the turn stopped, which it must have told in the same words everywhere."""
    error = turn_of(messages)["error"]
    assert of(messages, "error")[-1]["error"] == error
    assert of(messages, "error")[-1]["willRetry"] is False
    assert error["codexErrorInfo"] == "sessionBudgetExceeded"
    details: Json = json.loads(error["additionalDetails"])
    assert str(details["kind"]) in TALLY or details["kind"][0].islower()
    return details


def answer_question(client: Client, *labels: str) -> list[Message]:
    """Answers each question with the next label, the last one from then on."""
    asked: list[Message] = []

    def reply(params: Message) -> Message:
        asked.append(params)
        label = labels[min(len(asked), len(labels)) - 1]
        return {"answers": {params["questions"][0]["id"]: {"answers": [label]}}}

    client.on_request(QUESTION, reply)
    return asked


# -- each kind


@pytest.mark.parametrize("kind", TALLY)
async def test_tokens(client: Client, provider: FakeProvider, kind: str) -> None:
    """3-01: what is used up to the limit goes on; over it the next model call is not made."""
    provider.script(calls("c1"))
    thread = await open_thread(client)
    enough = await client.run_turn(thread, "go", budget={kind: TALLY[kind]})
    assert flow(enough)[-3:] == [*COMPLETED]
    provider.script(calls("c2"))
    sent = len(provider.requests)
    messages = await client.run_turn(thread, "go", budget={kind: TALLY[kind] - 1})
    assert flow(messages)[-4:] == [*FAILED]
    assert stop(messages) == {"scope": "turn", "kind": kind, "limit": TALLY[kind] - 1, "used": TALLY[kind]}
    assert len(provider.requests) == sent + 1
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[-1])] == ["c1", "c2"]


async def test_model_calls(client: Client, provider: FakeProvider) -> None:
    """3-01: the call that would be one too many is not made."""
    provider.script(calls("c1"), calls("c2"))
    messages = await client.run_turn(await open_thread(client), "go", budget={"modelCalls": 2})
    assert stop(messages) == {"scope": "turn", "kind": "modelCalls", "limit": 2, "used": 2}
    assert len(provider.requests) == 2


async def test_attempts_are_model_calls_and_their_tokens_count(launch: Launch, provider: FakeProvider) -> None:
    """3-01, 3-08: a retry is a call; what a failed response took is known if the provider says so."""
    client = await launch(provider={"request_max_retries": 0})
    broken = stream(usage=USAGE, status="failed", error={"code": "server_error", "message": "try again in 0.01s"})
    provider.script(broken)
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "go", budget={"totalTokens": 109})
    assert stop(messages)["used"] == 110
    provider.script(answer(500, {"error": {"message": "x"}}, headers={"retry-after": "0"}))
    messages = await client.run_turn(thread, "go", budget={"modelCalls": 1})
    assert stop(messages) == {"scope": "turn", "kind": "modelCalls", "limit": 1, "used": 1}


async def test_tool_calls_of_one_response(client: Client, provider: FakeProvider, home: Home) -> None:
    """3-01, 3-02, combination 7: the second call and all after it are answered, not run and not asked for."""
    asked = decide(client, "accept")
    provider.script(
        stream(
            command("touch c1", "c1"),
            command("touch c2", "c2"),
            function_call("exec_command", "{no JSON", call_id="c3"),
            function_call("no_such_tool", {}, call_id="c4"),
            patch("*** Add File: c5\n+x\n", "c5"),
            usage=USAGE,
        )
    )
    thread = await open_thread(client, approvalPolicy="untrusted")
    messages = await client.run_turn(thread, "go", budget={"toolCalls": 1})
    assert stop(messages) == {"scope": "turn", "kind": "toolCalls", "limit": 1, "used": 1}
    assert [ask["itemId"] for ask in asked] == ["c1"]
    assert [path.name for path in home.workspace.iterdir()] == ["c1"]
    assert [item["id"] for item in items(messages, "commandExecution")] == ["c1"]
    await client.run_turn(thread, "go on")
    answers = dict(outputs(provider.requests[-1]))
    assert list(answers) == ["c1", "c2", "c3", "c4", "c5"]
    refused = "Not run. The budget of this turn is used up: 1 of 1 tool calls."
    assert [answers[call] for call in ("c2", "c3", "c4", "c5")] == [refused] * 4


async def test_a_call_that_waits_is_judged_when_its_time_comes(
    client: Client, provider: FakeProvider, home: Home
) -> None:
    """3-02: the tokens of the response are known by the time the patch could run, and are too many."""
    wait = "until [ -e go ]; do sleep 0.01; done"
    provider.script(
        stream(
            command(wait, "c1", yield_time_ms=20_000),
            patch("*** Add File: c2\n+x\n", "c2"),
            hold("end"),
            usage=USAGE,
        )
    )
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "go", budget={"inputTokens": 99})
    await client.wait_for(shows("commandExecution"))
    provider.release("end")
    rollout = next(home.path.rglob("rollout-*.jsonl"))
    # The row of the tokens is written while the command still runs.
    await until_written(client, rollout, '"input_tokens":100')
    (home.workspace / "go").touch()
    await client.wait_for(is_completion_of(turn["id"]))
    assert stop(client.received[since:])["kind"] == "inputTokens"
    assert not (home.workspace / "c2").exists()


async def test_turns(client: Client, provider: FakeProvider) -> None:
    """3-05, 3-06: the turn that is one too many says so, keeps what was sent, and does not count."""
    thread = await open_thread(client, budget={"thread": {"turns": 1}})
    await client.run_turn(thread, "first")
    for _ in range(2):
        messages = await client.run_turn(thread, "more")
        assert flow(messages) == [*STARTED, *FAILED]
        assert stop(messages) == {"scope": "thread", "kind": "turns", "limit": 1, "used": 1}
    assert len(provider.requests) == 1
    await client.request("thread/resume", {"threadId": thread, "budget": {"thread": {"turns": 2}}})
    assert flow(await client.run_turn(thread, "second")) == [*STARTED, *ANSWERED, *COMPLETED]
    said = [part["text"] for item in provider.requests[-1].json["input"] for part in item.get("content", [])]
    assert [text for text in said if text in ("first", "more", "second")] == ["first", "more", "more", "second"]


async def test_wall_time_ends_a_command_with_its_process_group(
    client: Client, provider: FakeProvider, home: Home
) -> None:
    """3-01: time that is up ends a turn at any await, as an interrupt would, but failed."""
    provider.script(stream(command("echo $$ > pid; sleep 1000 & echo on; sleep 1000", yield_time_ms=20_000)))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "go")
    await client.wait_for(PIECES)
    group = int((home.workspace / "pid").read_text())
    assert alive(group)
    # A budget that comes late holds from then on: no time is left.
    budget = {"thread": {"wallSeconds": 0.001}}
    await client.request("thread/resume", {"threadId": thread, "excludeTurns": True, "budget": budget})
    await client.wait_for(is_completion_of(turn["id"]))
    assert not alive(group)
    messages = client.received[since:]
    found = stop(messages)
    assert (found["scope"], found["kind"], found["limit"]) == ("thread", "wallSeconds", 0.001)
    assert found["used"] > found["limit"]
    assert [item["status"] for item in items(messages, "commandExecution")] == ["failed"]
    assert flow(messages)[-4:] == [*FAILED]

    lifted = {"thread": {"wallSeconds": None}}
    await client.request("thread/resume", {"threadId": thread, "excludeTurns": True, "budget": lifted})
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    ((call, output),) = outputs(provider.requests[-1])
    assert (call, output.startswith("This call was ended before it finished.")) == ("call_1", True)
    told = [part["text"] for item in provider.requests[-1].json["input"] for part in item.get("content", [])]
    assert any(text.startswith("<turn_aborted>\nThe time for this turn was used up") for text in told)


async def test_wall_time_ends_a_stream_that_says_nothing(client: Client, provider: FakeProvider) -> None:
    """3-01: also where nothing runs but a wait for the provider."""
    provider.script(stream(message("half", deltas=["ha", "lf"], hold_after=(1, "never"))))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "go")
    await client.wait_for("item/agentMessage/delta")
    budget = {"thread": {"wallSeconds": 0.001}}
    await client.request("thread/resume", {"threadId": thread, "excludeTurns": True, "budget": budget})
    await client.wait_for(is_completion_of(turn["id"]))
    assert stop(client.received[since:])["kind"] == "wallSeconds"
    assert items(client.received[since:], "agentMessage")[0]["text"] == "ha"
    await provider.requests[0].gone.wait()


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_wall_time_of_a_turn(client: Client, provider: FakeProvider, seconds: float) -> None:
    """3-01: wherever the turn is when its time is up, it ends in the same way."""
    provider.default = stream(hold("never"))
    messages = await client.run_turn(await open_thread(client), "go", budget={"wallSeconds": seconds})
    found = stop(messages)
    assert (found["scope"], found["kind"], found["limit"]) == ("turn", "wallSeconds", seconds)
    assert flow(messages)[-4:] == [*FAILED]


async def test_no_limit_by_default(client: Client, provider: FakeProvider) -> None:
    """4-12, 1-20 and the ruling on iterations: nothing stops a turn that goes on."""
    rounds = 40
    provider.script(*(stream(function_call("no_such_tool", {"n": n}, call_id=f"c{n}")) for n in range(rounds)))
    messages = await client.run_turn(await open_thread(client), "go")
    assert turn_of(messages)["status"] == "completed"
    assert len(provider.requests) == rounds + 1


# -- cost


async def test_cost(launch: Launch, provider: FakeProvider) -> None:
    """3-07: tokens at their prices; a sum that is met exactly is not over it."""
    client = await launch(tables=PRICES)
    provider.script(*(calls(f"c{n}") for n in range(3)), stream(message(), usage=USAGE))
    thread = await open_thread(client, budget={"turn": {"costUsd": 0.3}})
    assert turn_of(await client.run_turn(thread, "go"))["status"] == "completed"
    provider.script(*(calls(f"d{n}") for n in range(3)))
    messages = await client.run_turn(thread, "go", budget={"costUsd": 0.29})
    assert stop(messages) == {"scope": "turn", "kind": "costUsd", "limit": 0.29, "used": 0.3}
    assert len(provider.requests) == 7
    assert "0.3 of 0.29 USD" in turn_of(messages)["error"]["message"]


async def test_cost_is_told_to_clients_that_want_to_know(
    launch: Launch, spawn: Spawn, home: Home, provider: FakeProvider
) -> None:
    """3-07, 3-08: with the token counts, for the whole thread; a plain client sees the wire as it is."""
    client = await launch(tables=PRICES)
    provider.script(stream(message(), usage=USAGE), stream(message(), usage=USAGE))
    thread = await open_thread(client)
    costs = [of(await client.run_turn(thread, "go"), "thread/tokenUsage/updated")[0]["costUsd"] for _ in range(2)]
    assert costs == [0.1, 0.2]
    await client.close()
    plain = await spawn()
    await plain.initialize(experimentalApi=False)
    await plain.request("thread/resume", {"threadId": thread})
    await plain.run_turn(thread, "go")
    assert [set(each) for each in of(plain.received, "thread/tokenUsage/updated")] == [
        {"threadId", "turnId", "tokenUsage"}
    ] * 2


async def test_an_unknown_price_is_asked_about_once(launch: Launch, provider: FakeProvider) -> None:
    """1-54, 1-53: nobody knows what it costs, so the user decides; `never` has no say in it."""
    client = await launch(approval_policy="never", tables="[budget.turn]\ncost_usd = 1\n")
    asked = answer_question(client, "Go on")
    provider.script(calls("c1"))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "go")
    assert flow(messages)[len(STARTED) :][:4] == [
        "thread/status/changed active waitingOnUserInput",
        f"request {QUESTION}",
        "serverRequest/resolved",
        "thread/status/changed active",
    ]
    assert turn_of(messages)["status"] == "completed"
    await client.run_turn(thread, "go on")
    assert len(asked) == 1
    question = asked[0]["questions"][0]
    assert "`gpt-5.5`" in question["question"]
    assert [option["label"] for option in question["options"]] == ["Go on", "Stop"]
    assert asked[0]["isBlocking"] is True


@pytest.mark.parametrize("label", ["Stop", "go on", "", "Yes"])
async def test_all_but_a_clear_yes_stops(launch: Launch, provider: FakeProvider, label: str) -> None:
    """1-53, 1-54: fail closed, and asked anew by the next turn."""
    client = await launch(tables="[budget.thread]\ncost_usd = 1\n")
    asked = answer_question(client, label, "Go on")
    thread = await open_thread(client)
    found = stop(await client.run_turn(thread, "go"))
    assert found == {"scope": "thread", "kind": "costUsd", "limit": 1, "used": 0, "unpriced": ["gpt-5.5"]}
    assert provider.requests == []
    assert turn_of(await client.run_turn(thread, "go"))["status"] == "completed"
    assert len(asked) == 2


async def test_a_client_that_cannot_ask_stops(launch: Launch, provider: FakeProvider) -> None:
    """1-53: an error as answer is a no, from a plain client too."""
    client = await launch(tables="[budget.turn]\ncost_usd = 1\n")
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "go")
    ask = await client.wait_for(QUESTION)
    client.send({"id": ask["id"], "error": {"code": -32601, "message": "method not found"}})
    await client.wait_for(is_completion_of(turn["id"]))
    assert stop(client.received[since:])["unpriced"] == ["gpt-5.5"]
    assert provider.requests == []


async def test_interrupt_while_it_asks(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(tables="[budget.turn]\ncost_usd = 1\n")
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "go")
    await client.wait_for(QUESTION)
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    done = await client.wait_for(is_completion_of(turn["id"]))
    assert done["params"]["turn"]["status"] == "interrupted"
    assert provider.requests == []


# -- compaction


async def test_compaction_counts(client: Client, provider: FakeProvider, home: Home) -> None:
    """3-02, 1-13: a summary is a model call with tokens like any other, of a kind of its own."""
    provider.script(stream(message("A1"), usage=USAGE), stream(message("SUMMARY"), usage=USAGE))
    thread = await open_thread(client, budget={"thread": {"modelCalls": 2}})
    await client.run_turn(thread, "first")
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await client.wait_for("turn/completed", since=since)
    assert stop(await client.run_turn(thread, "second")) == {
        "scope": "thread",
        "kind": "modelCalls",
        "limit": 2,
        "used": 2,
    }
    assert account(home)["model_calls"] == {"turn": 1, "compaction": 1}
    assert account(home)["tokens"]["gpt-5.5"]["total_tokens"] == 220


async def test_compaction_is_stopped_too(client: Client, provider: FakeProvider) -> None:
    """3-02: and leaves the conversation as it was."""
    thread = await open_thread(client, budget={"thread": {"modelCalls": 1}})
    provider.script(stream(message("A1")))
    await client.run_turn(thread, "first")
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await client.wait_for("turn/completed", since=since)
    assert stop(client.received[since:])["kind"] == "modelCalls"
    await client.run_turn(thread, "again", budget={"modelCalls": None})
    more = {"threadId": thread, "excludeTurns": True, "budget": {"thread": {"modelCalls": None}}}
    await client.request("thread/resume", more)
    await client.run_turn(thread, "second")
    said = [part["text"] for item in provider.requests[-1].json["input"] for part in item.get("content", [])]
    assert "A1" in said


# -- where they come from


async def test_configuration_thread_and_turn(launch: Launch, provider: FakeProvider) -> None:
    """3-01: each kind by itself: the turn's wins over the thread's, that over the configuration's; null lifts one."""
    client = await launch(tables="[budget.turn]\nmodel_calls = 1\ntool_calls = 5\n")
    for budgets, turn_budget, limit in (
        ({}, {}, 1),
        ({"budget": {"turn": {"modelCalls": 2}}}, {}, 2),
        ({"budget": {"turn": {"modelCalls": 2}}}, {"budget": {"modelCalls": 3, "toolCalls": None}}, 3),
        ({"config": {"budget.turn.model_calls": 4}}, {}, 4),
    ):
        provider.replies.clear()
        provider.script(*(calls(f"c{n}") for n in range(6)))
        messages = await client.run_turn(await open_thread(client, **budgets), "go", **turn_budget)
        assert stop(messages) == {"scope": "turn", "kind": "modelCalls", "limit": limit, "used": limit}
    provider.replies.clear()
    provider.script(*(calls(f"c{n}") for n in range(6)))
    messages = await client.run_turn(await open_thread(client), "go", budget={"modelCalls": None})
    assert stop(messages) == {"scope": "turn", "kind": "toolCalls", "limit": 5, "used": 5}


async def test_a_profile_and_a_flag(home: Home, spawn: Spawn, provider: FakeProvider) -> None:
    home.write_config(provider.base_url, profile="thrifty", tables="[profiles.thrifty.budget.turn]\nmodel_calls = 0\n")
    for flags, limit in (((), 0), (("-c", "budget.turn.model_calls=1"), 1)):
        client = await spawn("--strict-config", *flags)
        await client.initialize()
        provider.replies.clear()
        provider.script(calls("c1"), calls("c2"))
        messages = await client.run_turn(await open_thread(client), "go")
        assert stop(messages)["limit"] == limit
        await client.close()


async def test_a_plain_client_cannot_give_one(spawn: Spawn, home: Home, provider: FakeProvider) -> None:
    home.write_config(provider.base_url)
    client = await spawn()
    await client.initialize(experimentalApi=False)
    budget = {"thread": {"turns": 1}}
    said = "requires experimentalApi capability"
    assert await refusal(client, "thread/start", {"budget": budget}) == (INVALID, f"thread/start.budget {said}")
    thread = await open_thread(client)
    params = {"threadId": thread, "input": text_input("x"), "budget": {"turns": 1}}
    assert await refusal(client, "turn/start", params) == (INVALID, f"turn/start.budget {said}")


@pytest.mark.parametrize(
    "budget", [{"turnCalls": 1}, {"costUsd": -1}, {"modelCalls": 1.5}, {"turns": 1}, {"toolCalls": "2"}]
)
async def test_a_limit_that_would_not_hold_is_refused(client: Client, budget: Json) -> None:
    """A misspelt kind must not be a budget without an end."""
    thread = await open_thread(client)
    code, _ = await refusal(client, "turn/start", {"threadId": thread, "input": text_input("x"), "budget": budget})
    assert code == INVALID


# -- resume and fork


async def test_counted_on_after_a_kill(launch: Launch, provider: FakeProvider) -> None:
    """3-03: counters and limits are in the rollout; what was begun before the kill counts."""
    client = await launch()
    provider.script(calls("c1", "c2"), stream(message("half", deltas=["ha", "lf"], hold_after=(1, "half"))))
    thread = await open_thread(client, budget={"thread": {"modelCalls": 3, "toolCalls": 3}})
    await client.start_turn(thread, "go")
    await provider.reached("half")
    await client.wait_for("item/agentMessage/delta")
    await client.kill()

    other = await launch()
    await other.request("thread/resume", {"threadId": thread})
    provider.script(calls("c3", "c4"))
    assert stop(await other.run_turn(thread, "go on")) == {
        "scope": "thread",
        "kind": "toolCalls",
        "limit": 3,
        "used": 3,
    }
    await other.kill()

    third = await launch()
    await third.request("thread/resume", {"threadId": thread, "budget": {"thread": {"toolCalls": 9}}})
    assert stop(await third.run_turn(thread, "go on")) == {
        "scope": "thread",
        "kind": "modelCalls",
        "limit": 3,
        "used": 3,
    }


async def test_a_fork_goes_on_from_what_it_inherits(launch: Launch, provider: FakeProvider) -> None:
    """3-03: as with the totals of tokens: what happened before the place of the fork counts, nothing else."""
    client = await launch(tables=PRICES)
    provider.default = stream(message(), usage=USAGE)
    thread = await open_thread(client, budget={"thread": {"turns": 3}})
    await client.run_turn(thread, "one")
    second = turn_of(await client.run_turn(thread, "two"))
    for place, turns in (({}, 2), ({"beforeTurnId": second["id"]}, 1)):
        since = client.mark()
        fork = (await client.request("thread/fork", {"threadId": thread, **place}))["thread"]["id"]
        await client.wait_for("thread/started", since=since)
        assert of(client.received[since:], "thread/tokenUsage/updated")[0]["costUsd"] == turns / 10
        for _ in range(3 - turns):
            assert turn_of(await client.run_turn(fork, "more"))["status"] == "completed"
        found = stop(await client.run_turn(fork, "too much"))
        assert found == {"scope": "thread", "kind": "turns", "limit": 3, "used": 3}
    assert turn_of(await client.run_turn(thread, "three"))["status"] == "completed"
    budget = {"thread": {"turns": None, "totalTokens": 329}}
    fork = (await client.request("thread/fork", {"threadId": thread, "budget": budget}))["thread"]["id"]
    assert stop(await client.run_turn(fork, "go"))["used"] == 330


async def test_a_reverted_thread_counts_what_is_left(client: Client, provider: FakeProvider) -> None:
    """3-03: as with the totals of tokens; limits stay, also those that came later."""
    provider.default = stream(message(), usage=USAGE)
    thread = await open_thread(client)
    await client.run_turn(thread, "one")
    second = turn_of(await client.run_turn(thread, "two"))
    resume = {"threadId": thread, "excludeTurns": True, "budget": {"thread": {"turns": 2}}}
    await client.request("thread/resume", resume)
    await client.request("thread/revert", {"threadId": thread, "beforeTurnId": second["id"]})
    assert turn_of(await client.run_turn(thread, "again"))["status"] == "completed"
    assert stop(await client.run_turn(thread, "more"))["used"] == 2


async def test_what_another_server_used_counts_too(launch: Launch, provider: FakeProvider, home: Home) -> None:
    """3-03: a thread without rows of ours has its turns and tokens."""
    client = await launch()
    provider.script(*(stream(message(), usage=USAGE) for _ in range(2)))
    thread = await open_thread(client)
    await client.run_turn(thread, "one")
    await client.run_turn(thread, "two")
    await client.close()
    rollout = next(home.path.rglob("rollout-*.jsonl"))
    theirs = [line for line in rollout.read_text().splitlines(True) if json.loads(line)["type"] != rows.SPENDING]
    rollout.write_text("".join(theirs))

    other = await launch()
    await other.request("thread/resume", {"threadId": thread, "budget": {"thread": {"turns": 2}}})
    assert stop(await other.run_turn(thread, "three"))["used"] == 2
    more = {"threadId": thread, "budget": {"thread": {"turns": None, "inputTokens": 199}}}
    await other.request("thread/resume", more)
    assert stop(await other.run_turn(thread, "three"))["used"] == 200


def account(home: Home) -> Json:
    """The last row of what was used."""
    rollout = next(home.path.rglob("rollout-*.jsonl"))
    found = [json.loads(line) for line in rollout.read_text().splitlines()]
    payload: Json = [row["payload"] for row in found if row["type"] == rows.SPENDING][-1]
    return payload


async def until_written(client: Client, rollout: Path, text: str) -> None:
    """Wait until a rollout holds the text; each look is one request that the daemon answers."""
    while text not in rollout.read_text():
        await client.request("thread/loaded/list", {})
