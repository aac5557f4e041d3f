"""A scripted endpoint and a plain HTTP client of it."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest_asyncio

from spindled import scripted


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    broken: bool
    """The connection ended before the answer did."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        blocks = self.body.decode().split("\n\n")
        return [json.loads(block.partition("data: ")[2]) for block in blocks if block]

    @property
    def deltas(self) -> list[str]:
        return [event["delta"] for event in self.events if event["type"] == "response.output_text.delta"]

    @property
    def output(self) -> list[dict[str, Any]]:
        last = self.events[-1]
        assert last["type"] == "response.completed"
        output: list[dict[str, Any]] = last["response"]["output"]
        return output

    @property
    def texts(self) -> list[str]:
        return [item["content"][0]["text"] for item in self.output if item["type"] == "message"]


class Asker:
    def __init__(self, endpoint: scripted.ScriptedEndpoint) -> None:
        self.endpoint = endpoint
        self.address = urlsplit(endpoint.base_url).netloc

    async def send(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return await asyncio.to_thread(self._send, method, path, data, token or self.endpoint.token)

    def _send(self, method: str, path: str, body: bytes | None, token: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            chunks, broken = [], False
            try:
                while chunk := response.read1():
                    chunks.append(chunk)
            except (http.client.IncompleteRead, ConnectionError):
                broken = True
            return Answer(response.status, headers, b"".join(chunks), broken)
        finally:
            connection.close()

    async def ask(self, message: str, *after: dict[str, Any], stream: bool = True, **fields: Any) -> Answer:
        """A request whose latest user message is `message`, followed by the items `after`."""
        first = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": message}]}
        body = {"model": "any", "input": [first, *after], "stream": stream, "prompt_cache_key": "thread", **fields}
        return await self.send("POST", "/v1/responses", body)

    async def run(self, text: str, *outputs: str) -> list[list[dict[str, Any]]]:
        """Every response's output of a whole turn; the calls are answered with `outputs` in order."""
        history: list[dict[str, Any]] = []
        responses = []
        left = list(outputs)
        while True:
            output = (await self.ask(text, *history)).output
            responses.append(output)
            calls = [item for item in output if item["type"].endswith("_call")]
            history += output
            if not calls:
                assert not left
                return responses
            history += [
                {"type": f"{call['type']}_output", "call_id": call["call_id"], "output": left.pop(0)} for call in calls
            ]


@pytest_asyncio.fixture
async def asker() -> AsyncIterator[Asker]:
    endpoint = await scripted.start()
    yield Asker(endpoint)
    await endpoint.close()
