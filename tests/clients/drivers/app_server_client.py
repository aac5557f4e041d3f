"""codex-app-server-client. Arguments: its folder, the path of `codex`."""

from __future__ import annotations

import asyncio
import sys

sys.path.insert(0, sys.argv[1])

from codex_app_server_client import CodexAppServer, EventAction
from codex_app_server_client.types.events import AgentMessageDeltaEvent, ItemStartedEvent
from telling import tell


async def accept(_method: str, _params: object) -> dict:
    return {"decision": "accept"}


def stop_commands(_method: str, event: object) -> EventAction | None:
    if isinstance(event, ItemStartedEvent) and event.item["type"] == "commandExecution":
        return EventAction.INTERRUPT
    return None


async def main() -> None:
    async with CodexAppServer(codex_bin=sys.argv[2]) as codex:
        tell("server", codex.server_info.user_agent)
        for kind in ("commandExecution", "fileChange"):
            codex.low_level.on_server_request(f"item/{kind}/requestApproval", accept)
        thread = await codex.start_thread()
        result = await thread.run("work")
        tell("result", [result.status, result.final_response, [item["type"] for item in result.items]])
        deltas = [event.delta async for event in thread.run_streamed("on") if isinstance(event, AgentMessageDeltaEvent)]
        tell("deltas", deltas)
        stopped = await thread.run("a command that is not wanted", on_event=stop_commands)
        tell("stopped", stopped.status)
        resumed = await codex.resume_thread(thread.id)
        tell("resumed", (await resumed.run("again")).final_response)
        listed = await codex.low_level.thread_list()
        tell("listed", [found.id == thread.id for found in listed.data])


asyncio.run(main())
