"""hermes-agent's session with an app-server. Arguments: its folder, the path of `codex`."""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv[1])

from agent.transports.codex_app_server import check_codex_binary
from agent.transports.codex_app_server_session import CodexAppServerSession
from telling import tell

asked: list[str] = []
decisions = iter(["once", "deny", "once"])


def approve(command: str, description: str, **_more: object) -> str:
    asked.append(command)
    return next(decisions)


def on_event(note: dict) -> None:
    if note["method"] == "item/agentMessage/delta" and note["params"]["delta"] == "never":
        session.request_interrupt()


tell("binary", check_codex_binary(sys.argv[2])[0])
with CodexAppServerSession(codex_bin=sys.argv[2], approval_callback=approve, on_event=on_event) as session:
    first = session.run_turn("work", turn_timeout=60)
    tell("asked", asked)
    tell("first", [first.error, first.final_text, first.tool_iterations, first.token_usage_total["totalTokens"]])
    roles = [message["role"] for message in first.projected_messages]
    tell("roles", roles)
    second = session.run_turn("begin", turn_timeout=60)
    tell("interrupted", [second.interrupted, second.should_retire])
# Not in the same session: what the interrupted turn still had to say would be taken for the next one's.
with CodexAppServerSession(codex_bin=sys.argv[2]) as session:
    third = session.run_turn("go on", turn_timeout=60)
    tell("third", [third.error, third.final_text])
    compacted = session.compact_thread()
    tell("compacted", [compacted.error, compacted.compacted])
