"""An editor that speaks the Agent Client Protocol to an agent's stdio."""

from __future__ import annotations

from typing import Any

from tests.support.client import Client, Message


class Editor(Client):
    """JSON-RPC 2.0, one message a line."""

    def send(self, message: Message) -> None:
        super().send({"jsonrpc": "2.0", **message})

    def updates(self, kind: str, since: int = 0) -> list[Message]:
        """The session updates of one kind that have come."""
        found = [params["update"] for params in self.notifications("session/update", since)]
        return [update for update in found if update["sessionUpdate"] == kind]

    def said(self, since: int = 0) -> str:
        """What the agent said, as an editor shows it."""
        return "".join(update["content"]["text"] for update in self.updates("agent_message_chunk", since))

    async def prompt(self, session_id: str, text: str) -> Any:
        """Why the turn ended."""
        prompt = [{"type": "text", "text": text}]
        result = await self.request("session/prompt", {"sessionId": session_id, "prompt": prompt}, patience=60)
        return result["stopReason"]
