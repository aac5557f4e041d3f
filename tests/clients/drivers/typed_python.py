"""codex-python-sdk-unofficial, which validates with strict models. Arguments: its folder, the path of `codex`."""

from __future__ import annotations

import asyncio
import sys

sys.path.insert(0, sys.argv[1])

from codex_agent_sdk import AppServerConfig, CodexOptions, CodexSDKClient, query
from telling import tell

SERVER = AppServerConfig(codex_bin=sys.argv[2], startup_timeout=60)


async def main() -> None:
    kinds: set[str] = set()
    async for event in query(prompt="one", options=CodexOptions(approval_policy="never"), app_server=SERVER):
        kinds.add(type(event).__name__)
    tell("kinds", sorted(kinds))
    async with CodexSDKClient(app_server=SERVER) as client:
        await client.start_thread()
        result = await (await client.query("work")).wait()
        tell("worked", [result.status, result.assistant_text])
        handle = await client.query("begin")
        async for event in handle:
            if type(event).__name__ == "AgentTextDeltaEvent" and event.text_delta == "first":
                await handle.steer("rather this")
                tell("steered")
        tell("ended")
        thread_id = client.thread_id
    async with CodexSDKClient(app_server=SERVER) as client:
        await client.resume_thread(thread_id)
        result = await (await client.query("again")).wait()
        tell("resumed", result.status)
        await client.fork_thread()
        tell("forked", client.thread_id != thread_id)


asyncio.run(main())
