"""codex-python-sdk, with features and overrides on the command line. Arguments: its folder, the path of `codex`."""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv[1])

from codex_python_sdk import SessionNotFoundError, create_client
from telling import tell

asked: list[str] = []


def accept(params: dict) -> dict:
    asked.append(params.get("command", "a patch"))
    return {"decision": "accept"}


with create_client(
    codex_command=sys.argv[2],
    default_thread_params={"approvalPolicy": "untrusted", "sandbox": "read-only"},
    server_config_overrides={"model_reasoning_summary": "auto"},
    on_command_approval=accept,
    on_file_change_approval=accept,
) as client:
    first = client.responses_create(prompt="work")
    tell("first", first.text)
    tell("asked", asked)
    tell("text", list(client.responses_stream_text(prompt="on", thread_id=first.thread_id)))
    read = client.thread_read(first.thread_id, include_turns=True)
    tell("turns", [turn["status"] for turn in read["turns"]])
    tell("forked", client.thread_fork(first.thread_id)["thread"]["id"] != first.thread_id)
    try:
        client.responses_create(prompt="x", thread_id="01900000-0000-7000-8000-000000000000")
    except SessionNotFoundError as error:
        tell("nobody", str(error))
