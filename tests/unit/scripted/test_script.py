"""What the scripted model answers, seen over HTTP."""

from __future__ import annotations

import json

import pytest

DONE = "Process exited with code 0\nOutput:\n"


async def test_plain_text_is_quoted(asker):
    answer = await asker.ask("How are you?\nRun is no directive here.")
    assert answer.texts == [
        'The scripted model (not a language model) read: "How are you?\nRun is no directive here."',
    ]
    assert len(answer.deltas) > 3
    assert "".join(answer.deltas) == answer.texts[0]


async def test_the_same_request_gets_the_same_text(asker):
    first, second = await asker.ask("say one two three"), await asker.ask("say one two three")
    assert first.deltas == second.deltas
    assert first.output[0]["id"] != second.output[0]["id"]


async def test_say_think_and_comments(asker):
    output = (await asker.ask("a comment\nthink first\nsay a\\nb\n\nsay c")).output
    assert [item["type"] for item in output] == ["reasoning", "message", "message"]
    assert output[0]["summary"] == [{"type": "summary_text", "text": "first"}]
    assert [item["content"][0]["text"] for item in output[1:]] == ["a\nb", "c"]


async def test_calls_go_out_one_by_one_and_are_summarised(asker):
    first, second, last = await asker.run("say go\nrun echo a\nrun echo b", f"{DONE}a\nmore\n", f"{DONE}b\n")
    assert [item["type"] for item in first] == ["message", "function_call"]
    assert first[1]["name"] == "exec_command"
    assert json.loads(first[1]["arguments"]) == {"cmd": "echo a"}
    assert json.loads(second[0]["arguments"]) == {"cmd": "echo b"}
    assert last[0]["content"][0]["text"] == "Done, 2 calls. exec_command: a; exec_command: b"


async def test_parallel_joins_calls_in_one_response(asker):
    together, last = await asker.run("run a\nparallel\nrun b\nparallel\nrun c", *[f"{DONE}x"] * 3)
    assert [json.loads(item["arguments"])["cmd"] for item in together] == ["a", "b", "c"]
    assert len({item["call_id"] for item in together}) == 3
    assert last[0]["content"][0]["text"].startswith("Done, 3 calls.")


async def test_a_script_with_last_words_of_its_own_has_no_summary(asker):
    _, last = await asker.run("run true\nsay bye", DONE)
    assert [item["content"][0]["text"] for item in last] == ["bye"]


@pytest.mark.parametrize(
    ("output", "state"),
    [
        ("the user declined this command", "declined"),
        ("exec_command failed: CreateProcess { message: Rejected }", "declined"),
        ("aborted by user", "failed"),
        ("Process exited with code 3\nOutput:\noops\n", "failed"),
    ],
)
async def test_a_call_that_did_not_run_is_acknowledged(asker, output, state):
    _, last = await asker.run("run touch x\nsay bye", output)
    acknowledgement, bye = (item["content"][0]["text"] for item in last)
    assert acknowledgement.startswith(f"exec_command {state}: ")
    assert bye == "bye"


async def test_output_that_speaks_of_errors_is_no_failure(asker):
    _, last = await asker.run("run grep error log", f"{DONE}error: denied\n")
    assert last[0]["content"][0]["text"] == "Done, 1 call. exec_command: error: denied"


@pytest.mark.parametrize(
    ("script", "patch"),
    [
        ("write a/b.txt one\\ntwo", "*** Begin Patch\n*** Add File: a/b.txt\n+one\n+two\n*** End Patch\n"),
        ("replace a.txt old -> new", "*** Begin Patch\n*** Update File: a.txt\n@@\n-old\n+new\n*** End Patch\n"),
        ("patch\n```\n*** Delete File: a\n```\nsay x", "*** Begin Patch\n*** Delete File: a\n*** End Patch\n"),
        ("patch\n  *** Delete File: a\n\nsay x", "*** Begin Patch\n*** Delete File: a\n*** End Patch\n"),
        (
            "patch\n*** Begin Patch\n*** Delete File: a\n*** End Patch\nsay x",
            "*** Begin Patch\n*** Delete File: a\n*** End Patch\n",
        ),
    ],
)
async def test_patches(asker, script, patch):
    first, *_ = await asker.run(script, "Exit code: 0\nOutput:\nSuccess.")
    assert (first[0]["type"], first[0]["name"], first[0]["input"]) == ("custom_tool_call", "apply_patch", patch)


async def test_plan_view_and_call(asker):
    plan, view, call, custom, *_ = await asker.run(
        'plan read; write\nview p.png\ncall server/echo {"a": 1}\ncall notes free text', "ok", "ok", "ok", "ok"
    )
    steps = [{"step": "read", "status": "in_progress"}, {"step": "write", "status": "pending"}]
    assert json.loads(plan[0]["arguments"]) == {"plan": steps}
    assert (view[0]["name"], json.loads(view[0]["arguments"])) == ("view_image", {"path": "p.png"})
    assert (call[0]["namespace"], call[0]["name"], call[0]["arguments"]) == ("server", "echo", '{"a": 1}')
    assert (custom[0]["type"], custom[0]["input"]) == ("custom_tool_call", "free text")


async def test_long_streams(asker):
    words = await asker.ask("stream 20000 words")
    assert len(words.deltas) == 20_000
    assert "".join(words.deltas) == words.texts[0]
    numbers = [event["sequence_number"] for event in words.events]
    assert numbers == list(range(len(numbers)))
    assert (await asker.ask("repeat 3 ab")).deltas == ["ab"] * 3
    assert len((await asker.ask("stream 3 words every 1 ms")).deltas) == 3


async def test_json_follows_the_schema(asker):
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 4},
            "count": {"type": "integer", "minimum": 3},
            "kind": {"enum": ["a", "b"]},
            "nested": {"$ref": "#/$defs/node"},
            "optional": {"type": "string"},
        },
        "required": ["title", "count", "kind", "nested"],
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                "required": ["next"],
            }
        },
    }
    text = {"format": {"type": "json_schema", "name": "x", "schema": schema}}
    for message in ("json", "any text"):
        value = json.loads((await asker.ask(message, text=text)).texts[0])
        assert (value["title"], value["count"], value["kind"]) == ("scri", 3, "a")
        assert "optional" not in value
    assert (await asker.ask("json")).texts == ["{}"]


async def test_context_put_in_by_the_agent_is_not_the_users_message(asker):
    context = {
        "type": "message",
        "role": "user",
        "content": "<environment_context>\n<cwd>/x</cwd>\n</environment_context>",
    }
    assert (await asker.ask("say mine", context)).texts == ["mine"]


async def test_a_later_user_message_is_a_new_script(asker):
    call = {"type": "function_call", "name": "exec_command", "arguments": "{}", "call_id": "c"}
    output = {"type": "function_call_output", "call_id": "c", "output": f"{DONE}a"}
    steer = {"type": "message", "role": "user", "content": "say steered"}
    assert (await asker.ask("run a\nrun b", call, output, steer)).texts == ["steered"]


@pytest.mark.parametrize(
    "line",
    [
        "stream",
        "stream 0 words",
        "repeat x y",
        "replace a b",
        "fail",
        "fail sometimes",
        "fail status 99",
        "fail cut times",
        "call x {",
        "say",
        "patch",
    ],
)
async def test_a_line_that_cannot_be_read_is_named(asker, line):
    texts = (await asker.ask(f"say fine\n{line}")).texts
    assert len(texts) == 1
    assert texts[0].startswith("The scripted model cannot read line 2: ")


async def test_usage_is_plausible_and_repeatable(asker):
    first = (await asker.ask("think abcd\nsay 12345678")).events[-1]["response"]["usage"]
    assert first == (await asker.ask("think abcd\nsay 12345678")).events[-1]["response"]["usage"]
    assert first["output_tokens"] == 3
    assert first["output_tokens_details"] == {"reasoning_tokens": 1}
    assert first["input_tokens"] + 3 == first["total_tokens"]
    image = {
        "type": "function_call_output",
        "call_id": "c",
        "output": [{"type": "input_image", "image_url": "x" * 400_000}],
    }
    assert (await asker.ask("say a", image)).events[-1]["response"]["usage"]["input_tokens"] < 2000
