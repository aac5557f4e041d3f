"""What goes wrong only when two things meet: one test for each number of the list that the project follows.

Numbers 6 and 7 are with the budgets, the gateway's side of number 2 with the gateway.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from spindled.agent.history.compaction import CLEARED
from tests.conformance.conftest import Launch
from tests.conformance.steps import (
    COMMAND_APPROVAL,
    INVALID,
    NOWHERE,
    command,
    decide,
    open_thread,
    outputs,
    refusal,
    text_input,
)
from tests.support.client import Client, RequestFailed, agent_texts, is_completion_of
from tests.support.fake_items import Item, Json, event, function_call, message, reasoning
from tests.support.fake_provider import End, FakeProvider, Request, stream
from tests.support.flow import ANSWERED, COMPLETED, FAILED, STARTED, flow, items, of, turn_of
from tests.support.home import Home
from tests.unit.agent.world import FakeTool, ScriptedModel, World, assert_valid, called, completed, echo, said

NOTE = "<turn_note>"
HALF = message("half", deltas=["ha", "lf"], hold_after=(1, "half"))
OVER: Json = {"input_tokens": 30_000, "output_tokens": 100, "total_tokens": 30_100}


def kinds(request: Request) -> list[str]:
    """What a request holds, without what the daemon adds: the type of an item, or the text of a message."""
    found = []
    for item in request.json["input"]:
        if item["type"] != "message":
            found.append(item["type"])
        elif item["role"] != "developer" and "<environment_context>" not in str(item["content"]):
            found.append("".join(part["text"] for part in item["content"]))
    return found


async def test_1_text_then_a_broken_stream_then_a_call(client: Client, provider: FakeProvider) -> None:
    """Rows 0-40, 0-44, 4-21: no text is doubled, and the call runs once."""
    provider.script(
        stream(message("one two three", deltas=3), stop_after=5, end=End.CUT),
        stream(command("echo ran >> ran.txt; cat ran.txt", "a")),
    )
    messages = await client.run_turn(await open_thread(client), "hi")
    assert agent_texts(messages) == ["ok"]
    assert len(items(messages, "commandExecution")) == 1
    [(call_id, output)] = outputs(provider.requests[2])
    assert call_id == "a"
    assert output.count("ran\n") == 1
    assert kinds(provider.requests[2]) == ["hi", "function_call", "function_call_output"]


@pytest.mark.parametrize("ended", [True, False], ids=["only the end has no output", "nor is any item done"])
async def test_2_an_end_without_output(client: Client, provider: FakeProvider, ended: bool) -> None:
    """Rows 0-42, 0-43, 4-50: what was announced and streamed counts; the call runs once, the text is there once."""

    def undone(item: Item) -> Item:
        def build(index: int, response: str):  # type: ignore[no-untyped-def]
            streamed = item(index, response)
            streamed.steps = [step for step in streamed.steps if step["type"] != "response.output_item.done"]
            return streamed

        return item if ended else build

    provider.script(
        stream(
            undone(message("Working.", deltas=2)),
            undone(function_call("exec_command", {"cmd": "echo ran >> ran.txt; cat ran.txt"}, call_id="a", deltas=3)),
            output=[],
        ),
        stream(undone(message("Done.", deltas=2)), output=[]),
    )
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "go")
    assert turn_of(messages)["status"] == "completed"
    assert agent_texts(messages) == ["Working.", "Done."]
    assert [output.count("ran\n") for _, output in outputs(provider.requests[1])] == [1]
    await client.run_turn(thread, "next")
    assert kinds(provider.requests[2]) == ["go", "Working.", "function_call", "function_call_output", "Done.", "next"]


async def test_3_an_overflow_while_a_call_waits_for_approval(
    launch: Launch, provider: FakeProvider, home: Home
) -> None:
    """Rows 1-29, 1-57, 4-09: the call and its output stay together in every request, and it runs once."""
    client = await launch(approval_policy="untrusted")
    too_long = {"type": "error", "error": {"code": "context_length_exceeded", "message": "Too long."}}
    provider.script(
        stream(command("echo ran >> ran.txt", "a"), event(too_long), status=""),
        stream(status="failed", error={"code": "context_length_exceeded", "message": "Too long."}),
        stream(message("SUMMARY")),
        stream(message("done")),
    )
    asked = asyncio.Event()
    answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()

    def ask(_params: Json) -> asyncio.Future[Json]:
        asked.set()
        return answer

    client.on_request(COMMAND_APPROVAL, ask)
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "go")
    await asked.wait()
    assert len(provider.requests) == 1  # no compaction while the call has no output
    answer.set_result({"decision": "accept"})
    done = await client.wait_for(is_completion_of(turn["id"]))
    assert done["params"]["turn"]["status"] == "completed"
    assert (home.workspace / "ran.txt").read_text() == "ran\n"
    for request in provider.requests:
        assert_valid(request.json["input"])
    assert [len(outputs(request)) for request in provider.requests] == [0, 1, 0, 0]


async def test_4_a_late_answer_to_an_approval_of_an_interrupted_turn(
    client: Client, provider: FakeProvider, home: Home
) -> None:
    """Rows 0-15, 1-63: it is ignored, nothing runs."""
    provider.script(stream(command("touch made.txt")))
    thread = await open_thread(client, approvalPolicy="untrusted")
    since = client.mark()
    turn = await client.start_turn(thread, "hi")
    ask = await client.wait_for(COMMAND_APPROVAL)
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    await client.wait_for(is_completion_of(turn["id"]))
    resolved = client.notifications("serverRequest/resolved", since)
    assert [each["requestId"] for each in resolved] == [ask["id"]]
    client.send({"id": ask["id"], "result": {"decision": "accept"}})
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert not (home.workspace / "made.txt").exists()
    assert [call for call, _ in outputs(provider.requests[1])] == ["call_1"]


async def test_5_one_malformed_one_to_approve_one_plain(launch: Launch, provider: FakeProvider) -> None:
    """Rows 1-24, 1-26, 1-57, 3-44: each call id has exactly one output, in order."""
    client = await launch(approval_policy="on-request", sandbox_mode="read-only")
    asked = decide(client, "accept")
    provider.script(
        stream(
            function_call("exec_command", '{"cmd": "ls', call_id="a"),
            command("echo asked > asked.txt", "b"),
            function_call("nope", call_id="c"),
            function_call("exec_command", '["ls"]', call_id="d"),
        ),
        stream(message("done")),
    )
    messages = await client.run_turn(await open_thread(client), "go")
    assert turn_of(messages)["status"] == "completed"
    assert len(asked) == 1
    answered = outputs(provider.requests[1])
    assert [call_id for call_id, _ in answered] == ["a", "b", "c", "d"]
    malformed, ran, unknown, shape = (output for _, output in answered)
    assert "not valid JSON" in malformed
    assert '{"cmd": "ls' in malformed
    assert "exited with code 0" in ran
    assert unknown == "unsupported call: nope"
    assert "not an object" in shape
    arguments = [item["arguments"] for item in provider.requests[1].json["input"] if item["type"] == "function_call"]
    assert [arguments[index] for index in (0, 3)] == ["{}", "{}"]
    assert agent_texts(messages) == ["done"]


async def test_8_a_torn_line_then_more_then_resumed_again(launch: Launch, provider: FakeProvider) -> None:
    """Row 4-41: of what was written before and after a crash within a line, only that line is lost."""
    client = await launch()
    thread = await client.start_thread()
    for text in ("one", "two"):
        await client.run_turn(thread["id"], text)
    await client.kill()
    rollout = Path(thread["path"])
    with rollout.open("ab") as file:
        file.write(b'{"timestamp":"2026-01-01T00:00:00.000Z","type":"response_item","payload":{"type":"mess')
    for text in ("three", "four"):
        client = await launch()
        await client.request("thread/resume", {"threadId": thread["id"]})
        assert agent_texts(await client.run_turn(thread["id"], text)) == ["ok"]
        await client.kill()
    client = await launch()
    resumed = (await client.request("thread/resume", {"threadId": thread["id"]}))["thread"]
    told = [item for turn in resumed["turns"] for item in turn["items"]]
    assert [item["content"][0]["text"] for item in told if item["type"] == "userMessage"] == [
        "one",
        "two",
        "three",
        "four",
    ]
    assert [item["text"] for item in told if item["type"] == "agentMessage"] == ["ok"] * 4
    await client.run_turn(thread["id"], "five")
    assert kinds(provider.requests[-1]) == ["one", "ok", "two", "ok", "three", "ok", "four", "ok", "five"]


@pytest.mark.parametrize(
    ("polled", "calls", "notes"),
    [
        ("echo x >> polled.txt; wc -l < polled.txt", 10, [0] * 11),
        ("echo same", 5, [0, 0, 0, 1, 1, 1]),
    ],
    ids=["what changes", "what does not"],
)
async def test_9_polling(client: Client, provider: FakeProvider, polled: str, calls: int, notes: list[int]) -> None:
    """Row 1-27: silent while results change; else one note, not one a request; nothing is held up."""
    provider.script(*[stream(command(polled, f"call_{number}")) for number in range(calls)])
    messages = await client.run_turn(await open_thread(client), "go")
    assert turn_of(messages)["status"] == "completed"
    assert [request.body.decode().count(NOTE) for request in provider.requests] == notes
    assert len(outputs(provider.requests[-1])) == calls
    assert len(of(messages, "warning")) == notes[-1]


@pytest.mark.parametrize("summary", [stream(), stream(reasoning(["thoughts"]))], ids=["empty", "only reasoning"])
async def test_10_a_compaction_without_a_summary(client: Client, provider: FakeProvider, summary: object) -> None:
    """Rows 4-08, 4-54: the history is as it was, and the error is told."""
    provider.script(stream(message("A1")), summary, stream(message("A2")))  # type: ignore[arg-type]
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await client.wait_for("turn/completed", since=since)
    messages = client.received[since:]
    assert flow(messages)[-4:] == [*FAILED]
    assert turn_of(messages)["error"]["codexErrorInfo"] == "contextWindowExceeded"
    assert items(messages, "contextCompaction") == []
    await client.run_turn(thread, "second")
    assert kinds(provider.requests[-1]) == ["first", "A1", "second"]


async def test_11_threads_on_one_connection(client: Client, provider: FakeProvider) -> None:
    """Row 0-18: each notification says whose it is; what one thread is told never mixes with another's."""
    threads = [await open_thread(client) for _ in range(3)]
    for number, _ in enumerate(threads):
        words = [f"{number}:{index} " for index in range(50)]
        provider.script(stream(message(deltas=words), sizes=97, match=f"question {number}"))
    since = client.mark()
    turns = [await client.start_turn(thread, f"question {number}") for number, thread in enumerate(threads)]
    for turn in turns:
        await client.wait_for(is_completion_of(turn["id"]), since=since)
    for number, (thread, turn) in enumerate(zip(threads, turns, strict=True)):
        deltas = [each for each in of(client.received[since:], "item/agentMessage/delta") if each["threadId"] == thread]
        assert {each["turnId"] for each in deltas} == {turn["id"]}
        assert "".join(each["delta"] for each in deltas) == "".join(f"{number}:{index} " for index in range(50))


async def test_11_a_client_that_never_answers(launch: Launch, provider: FakeProvider, home: Home) -> None:
    """Row 0-03: other threads go on meanwhile; when it disconnects the answer was no, and nothing ran."""
    client = await launch(approval_policy="untrusted")
    provider.script(stream(command("touch made.txt"), match="ask"))
    waiting, other = await open_thread(client), await open_thread(client)
    await client.start_turn(waiting, "ask")
    await client.wait_for(COMMAND_APPROVAL)
    assert flow(await client.run_turn(other, "hello"))[-3:] == [*COMPLETED]
    assert await client.close() == 0
    assert not (home.workspace / "made.txt").exists()
    client = await launch()
    resumed = (await client.request("thread/resume", {"threadId": waiting}))["thread"]
    assert [turn["status"] for turn in resumed["turns"]] == ["interrupted"]
    await client.run_turn(waiting, "go on")
    assert_valid(provider.requests[-1].json["input"])
    assert [call_id for call_id, _ in outputs(provider.requests[-1])] == ["call_1"]


async def test_12_steering_a_compaction_or_another_turn(client: Client, provider: FakeProvider) -> None:
    """Row 0-25: both are refused, typed, and change nothing."""
    provider.script(stream(HALF), stream(message("A1")), stream(HALF))
    thread = await open_thread(client)
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    await provider.reached("half")
    turn_id = of(client.received[since:], "turn/started")[0]["turn"]["id"]
    with pytest.raises(RequestFailed) as failed:
        await client.request("turn/steer", {"threadId": thread, "expectedTurnId": turn_id, "input": text_input("lost")})
    assert (failed.value.code, failed.value.message) == (INVALID, "cannot steer a compact turn")
    assert failed.value.data == {
        "message": "cannot steer a compact turn",
        "codexErrorInfo": {"activeTurnNotSteerable": {"turnKind": "compact"}},
        "additionalDetails": None,
        "misalignment": None,
    }
    provider.release("half")
    await client.wait_for(is_completion_of(turn_id))

    turn = await client.start_turn(thread, "hi")
    wrong = {"threadId": thread, "expectedTurnId": NOWHERE, "input": text_input("lost")}
    told = f"expected active turn id `{NOWHERE}` but found `{turn['id']}`"
    assert await refusal(client, "turn/steer", wrong) in [(INVALID, told), (INVALID, "no active turn to steer")]
    await client.wait_for(is_completion_of(turn["id"]))
    await client.run_turn(thread, "next")
    assert all("lost" not in request.body.decode() for request in provider.requests)


async def test_13_clearing_after_an_idle_hour_spares_the_calls_of_now(tmp_path: Path) -> None:
    """Row 3-10: of calls that the model has not seen answered none is cleared, however many there are."""

    def pair(call_id: str) -> list[Json]:
        call = {"type": "function_call", "call_id": call_id, "name": "echo", "arguments": "{}"}
        return [call, {"type": "function_call_output", "call_id": call_id, "output": "x" * 20_000}]

    old = [item for number in range(13) for item in pair(f"old_{number}")]
    answered = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "looked"}]}
    large = FakeTool("large", echo)
    now = [step for number in range(5) for step in called(f"now_{number}", "large", '{"a": "%s"}' % ("y" * 4000))]
    world = World(
        tmp_path,
        ScriptedModel([*now, completed()], [*said("m", "done"), completed(1000)]),
        [large],
        history=[*old, answered],
        config={"model_auto_compact_token_limit": 60_000},
        idle_s=7200,
    )
    assert (await world.run())["status"] == "completed"
    assert len(world.followers.items("contextCompaction")) == 1
    results = {item["call_id"]: item["output"] for item in world.model.requests[-1].input if "output" in item}
    assert [call_id for call_id, output in results.items() if output == CLEARED] == [f"old_{n}" for n in range(10)]
    assert all(results[f"now_{number}"].startswith("echo") for number in range(5))
    assert all(CLEARED not in results[f"now_{number}"] for number in range(5))
