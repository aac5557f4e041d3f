"""openai-codex, the official Python SDK. Arguments: its folder, the path of `codex`, what to do."""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv[1])

from openai_codex import ApprovalMode, Codex, CodexConfig, InvalidRequestError, Sandbox
from openai_codex.client import CodexClient
from openai_codex.models import UnknownNotification
from telling import go_on, tell

CONFIG = CodexConfig(codex_bin=sys.argv[2])
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}},
    "required": ["answer"],
    "additionalProperties": False,
}


def conversation() -> None:
    """Turns, lists, names, forks, structured output; then the same thread in a new process."""
    with Codex(CONFIG) as codex:
        tell("metadata", codex.metadata.userAgent)
        tell("models", [model.id for model in codex.models().data])
        tell("account", codex.account().account is None)
        thread = codex.thread_start(approval_mode=ApprovalMode.deny_all, sandbox=Sandbox.full_access)
        first = thread.run("one")
        tell("first", [first.status.value, first.final_response, first.usage.total.total_tokens])
        second = thread.run("two", output_schema=SCHEMA)
        tell("second", second.final_response)
        thread.set_name("a name")
        read = thread.read(include_turns=True).thread
        tell("read", [read.name, [turn.status.value for turn in read.turns]])
        fork = codex.thread_fork(thread.id)
        tell("fork", fork.run("from the fork").final_response)
        listed = codex.thread_list().data
        tell("listed", sorted(found.id == thread.id for found in listed))
        codex.thread_archive(fork.id)
        codex.thread_unarchive(fork.id)
        compacted = thread.compact()
        tell("compacting", compacted is not None)
        thread_id = thread.id
    with Codex(CONFIG) as codex:
        again = codex.thread_resume(thread_id)
        tell("resumed", again.run("three").final_response)
        try:
            codex.thread_resume("01900000-0000-7000-8000-000000000000")
        except InvalidRequestError as error:
            tell("nobody", str(error))


def approvals() -> None:
    """The client under the SDK's facade, which lets its user decide."""
    asked: list[tuple[str, list[str]]] = []
    decisions = iter(["accept", "decline", "accept"])

    def decide(method: str, params: dict) -> dict:
        asked.append((method, sorted(params)))
        return {"decision": next(decisions)}

    with CodexClient(CONFIG, approval_handler=decide) as client:
        client.initialize()
        thread = client.thread_start({}).thread
        turn = client.turn_start(thread.id, "work").turn
        done = client.wait_for_turn_completed(turn.id)
        tell("asked", [method for method, _ in asked])
        tell("status", done.turn.status.value)
        items = [item.root for item in client.thread_read(thread.id, include_turns=True).thread.turns[0].items]
        tell("items", [[item.type, getattr(getattr(item, "status", None), "value", None)] for item in items])


def steering() -> None:
    with Codex(CONFIG) as codex:
        handle = codex.thread_start().turn("begin")
        unknown: set[str] = set()
        for event in handle.stream():
            if isinstance(event.payload, UnknownNotification):
                unknown.add(event.method)
            if event.method == "item/agentMessage/delta" and event.payload.delta == "first":
                handle.steer("rather this")
                tell("steered")
            if event.method == "turn/completed":
                tell("ended", event.payload.turn.status.value)
        tell("unknown", sorted(unknown))


def interrupting() -> None:
    with Codex(CONFIG) as codex:
        thread = codex.thread_start()
        handle = thread.turn("begin")
        for event in handle.stream():
            if event.method == "item/agentMessage/delta":
                handle.interrupt()
            if event.method == "turn/completed":
                tell("ended", event.payload.turn.status.value)
        tell("next", thread.run("go on").final_response)
        go_on()


WHAT = {"conversation": conversation, "approvals": approvals, "steering": steering, "interrupting": interrupting}
WHAT[sys.argv[3]]()
