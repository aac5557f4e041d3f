from __future__ import annotations

import asyncio
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


class Recorder:
    """The part of a ToolContext that live output needs."""

    def __init__(self) -> None:
        self.deltas: list[str] = []
        self.told = asyncio.Event()

    def output_delta(self, item_id: str, text: str) -> None:
        self.deltas.append(text)
        self.told.set()


async def test_what_ends_at_once_has_no_deltas() -> None:
    recorder: Any = Recorder()
    live = exec_sessions.LiveOutput(recorder, "c1", held=3600)
    live.add(b"short\n")
    live.end()
    assert recorder.deltas == []


async def test_what_goes_on_is_shown_from_its_beginning() -> None:
    recorder: Any = Recorder()
    live = exec_sessions.LiveOutput(recorder, "c1", held=0.02)
    live.add(b"one\n")
    live.add(b"two\n")
    assert recorder.deltas == []
    await recorder.told.wait()
    live.add(b"three\n")
    live.end()
    assert recorder.deltas == ["one\ntwo\n", "three\n"]


async def test_much_output_is_not_held_back() -> None:
    recorder: Any = Recorder()
    live = exec_sessions.LiveOutput(recorder, "c1", held=3600)
    live.add(b"x" * 2000)
    live.add(b"y" * 4000)
    await recorder.told.wait()
    live.add(b"z")
    live.end()
    assert recorder.deltas == ["x" * 2000 + "y" * 4000, "z"]
