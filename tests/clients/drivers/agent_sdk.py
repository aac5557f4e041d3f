"""codex-agent-sdk, and its check of the schema. Arguments: its folder, the path of `codex`."""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv[1])

import anyio
from codex_agent_sdk import Agent
from telling import tell


async def main() -> None:
    agent = Agent(model="gpt-5.5", codex_path=sys.argv[2])

    @agent.on_command_approval
    async def decide(command: object) -> str:
        tell("asked", command.command)
        return "accept"

    tell("chunks", [chunk async for chunk in agent.run("work")])
    async with agent.conversation() as conversation:
        tell("one", (await conversation.send("one")).text)
        second = await conversation.send("two")
        tell("two", [second.text, second.turn.status])


anyio.run(main)
