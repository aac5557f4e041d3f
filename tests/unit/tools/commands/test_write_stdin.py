"""What is typed into a running command is judged like a command: a shell would run it."""

from __future__ import annotations

from typing import Any

import pytest

from spindled.tools.base import ToolError, Verdict
from spindled_protocol.types import ReadOnlySandboxPolicy


async def a_shell(context: Any, cmd: str = "read x; echo got $x") -> int:
    await context.call("exec_command", cmd=cmd, tty=True, yield_time_ms=250)
    context.asks.clear()
    return int(context.named("started")[-1]["processId"])


async def test_untrusted_input_is_asked_about(context: Any) -> None:
    session = await a_shell(context)
    context.approval_policy = "untrusted"
    context.answer = Verdict.DECLINED
    with pytest.raises(ToolError, match="rejected by the user"):
        await context.call("write_stdin", session_id=session, chars="rm -rf x\n")
    (ask,) = context.asks
    assert (ask.kind, ask.item.id) == ("writeStdin", "c1")
    assert "rm -rf x" in ask.reason
    assert not [event for event in context.events if event[0] == "input"]
    context.answer = Verdict.ACCEPTED
    answer = await context.call("write_stdin", session_id=session, chars="fine\n", yield_time_ms=5000)
    assert "got fine" in answer.content


async def test_a_grant_covers_one_session(context: Any) -> None:
    session = await a_shell(context)
    context.approval_policy = "untrusted"
    context.answer = Verdict.DECLINED
    with pytest.raises(ToolError):
        await context.call("write_stdin", session_id=session, chars="x\n")
    context.grant(context.asks[0].grant)
    answer = await context.call("write_stdin", session_id=session, chars="y\n", yield_time_ms=5000)
    assert "got y" in answer.content
    assert len(context.asks) == 1


async def test_a_grant_ends_with_its_command(context: Any) -> None:
    session = await a_shell(context, "read x; read y")
    context.approval_policy = "untrusted"

    async def for_the_session(ask: Any) -> Verdict:
        context.grant(ask.grant)
        return Verdict.ACCEPTED

    context.answer = for_the_session
    await context.call("write_stdin", session_id=session, chars="x\n")
    assert [given.grant for given in context.grants] == [context.asks[0].grant]
    await context.call("write_stdin", session_id=session, chars="y\n", yield_time_ms=5000)
    assert not list(context.grants)
    assert len(context.asks) == 1


async def test_never_refuses_where_it_would_ask(context: Any) -> None:
    session = await a_shell(context)
    context.approval_policy, context.sandbox_policy = "never", ReadOnlySandboxPolicy(networkAccess=False)
    with pytest.raises(ToolError, match="approval policy is `never`"):
        await context.call("write_stdin", session_id=session, chars="x\n")
    assert not context.asks


async def test_an_interrupt_needs_no_leave(context: Any) -> None:
    session = await a_shell(context)
    context.approval_policy = "untrusted"
    answer = await context.call("write_stdin", session_id=session, chars="\x03", yield_time_ms=5000)
    assert "Process exited" in answer.content
    assert not context.asks
