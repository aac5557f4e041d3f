from __future__ import annotations

from typing import Any

from spindled.tools.commands import exec_sessions


async def test_the_oldest_finished_then_the_oldest_running_make_room(context: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(exec_sessions, "MAX_SESSIONS", 3)

    async def begin(call_id: str, script: str) -> int:
        await context.call("exec_command", call_id=call_id, cmd=script, yield_time_ms=250, login=False)
        return int(next(item["processId"] for item in context.named("started") if item["id"] == call_id))

    first = await begin("c1", "sleep 60")
    short = await begin("c2", "sleep 0.3")
    third = await begin("c3", "sleep 60")
    await context.until(lambda: bool(context.named("completed")))
    fourth = await begin("c4", "sleep 60")
    assert context.sessions.find(short) is None
    assert {each.number for each in context.sessions.running()} == {first, third, fourth}
    fifth = await begin("c5", "sleep 60")
    assert {each.number for each in context.sessions.running()} == {third, fourth, fifth}
    await context.until(lambda: any(item["id"] == "c1" for item in context.named("completed")))
    await context.sessions.clean()
    assert not context.sessions.running()
    assert len(context.named("completed")) == 5
