"""A thread with everything around it in memory: a scripted model, followers that record, a journal that is a list."""

from __future__ import annotations

import asyncio
import copy
import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from spindled.agent.clock import now_s
from spindled.agent.history.history import OUTPUT_OF, OUTPUTS
from spindled.agent.identity import ThreadIdentity
from spindled.agent.prompt.inputs import PreparedInput
from spindled.agent.settings import ThreadSettings
from spindled.agent.surroundings import RuleBook, Surroundings
from spindled.agent.thread import Thread
from spindled.agent.turn.turn import RunningTurn
from spindled.config.layers.load import load
from spindled.mcp.credentials import Credentials
from spindled.mcp.pool import Pool
from spindled.model.events import Completed, ItemAdded, ItemDone, ModelEvent, TextDelta, Usage
from spindled.model.request import ModelRequest
from spindled.process.environment import EnvironmentPolicy
from spindled.store.errors import StoreError
from spindled.tools.base import ToolCall, ToolContext, ToolOptions, ToolOutput
from spindled.tools.registry import Registry
from spindled_protocol.types import DangerFullAccessSandboxPolicy, TextUserInput, ThreadTokenUsage

Json: TypeAlias = dict[str, Any]
Run: TypeAlias = Callable[[ToolCall, ToolContext], Awaitable[ToolOutput]]


class Gate:
    """A place where something waits until the test opens it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        await self.opened.wait()

    def open(self) -> None:
        self.opened.set()


Step: TypeAlias = "ModelEvent | Gate | Exception"


class ScriptedModel:
    """Each request plays the next attempt: events, gates to wait at, an error to raise. Implements ports.Model."""

    def __init__(self, *attempts: Sequence[Step]) -> None:
        self.attempts = deque(attempts)
        self.requests: list[ModelRequest] = []
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        self.requests.append(msgspec.structs.replace(request, input=copy.deepcopy(request.input)))
        try:
            for step in self.attempts.popleft() if self.attempts else [*said("m", "ok"), completed()]:
                if isinstance(step, Gate):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield [step]
        finally:
            self.closed += 1


class RecordingFollowers:
    """Implements ports.Followers. `answer` is what a question gets: a value, or a function of the question."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Json]] = []
        self.asked: list[tuple[str, Json]] = []
        self.answer: Any = None
        self.given_up = 0
        self.full: Gate | None = None
        self._changed = asyncio.Condition()
        self._news = asyncio.Event()

    def publish(self, method: str, params: Any) -> None:
        self.told.append((method, msgspec.to_builtins(params)))
        self._news.set()

    async def writable(self) -> None:
        if self.full is not None:
            await self.full.wait()

    async def ask(self, method: str, params: Any, answer: type[Any]) -> Any:
        self.asked.append((method, msgspec.to_builtins(params)))
        self._news.set()
        try:
            given = self.answer(params) if callable(self.answer) else self.answer
            if asyncio.iscoroutine(given):
                given = await given
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if given is None:
            return None
        whole = "action" in answer.__struct_fields__ or (isinstance(given, dict) and "decision" in given)
        return msgspec.convert(given if whole else {"decision": given}, answer)

    async def until(self, satisfied: Callable[[], bool]) -> None:
        """Wait until something that was told or asked satisfies the test."""
        while not satisfied():
            self._news.clear()
            await self._news.wait()

    async def wait_for(self, method: str, count: int = 1) -> Json:
        await self.until(lambda: len(self.of(method)) >= count)
        return self.of(method)[count - 1]

    def of(self, method: str) -> list[Json]:
        return [params for name, params in self.told if name == method]

    def items(self, kind: str, method: str = "item/completed") -> list[Json]:
        return [params["item"] for params in self.of(method) if params["item"]["type"] == kind]

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.told]

    @property
    def statuses(self) -> list[Any]:
        """`idle`, `systemError`, or the list of flags."""
        told = [params["status"] for params in self.of("thread/status/changed")]
        return [status.get("activeFlags", status["type"]) for status in told]


class ListJournal:
    """Keeps rows like a rollout does: what could not be written waits, in order."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.waiting: list[Any] = []
        self.broken = False
        self.closed = False

    def append(self, new: Sequence[Any]) -> None:
        self.waiting += new
        if self.broken:
            raise StoreError(Path("rollout"), OSError(28, "No space left on device"))
        self.rows += self.waiting
        self.waiting.clear()

    def close(self) -> None:
        self.closed = True

    @property
    def kinds(self) -> list[str]:
        return [getattr(row.payload, "type", row.type) if row.type == "event_msg" else row.type for row in self.rows]


class FakeTool:
    """A tool that does what the test says."""

    def __init__(self, name: str, run: Run, *, parallel: bool = True) -> None:
        self.name = name
        self.parallel = parallel
        self._run = run

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> Json:
        return {"type": "function", "name": self.name, "parameters": {"type": "object", "properties": {}}}

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        return await self._run(call, context)


async def echo(call: ToolCall, context: ToolContext) -> ToolOutput:
    return ToolOutput(f"echo {call.arguments}")


OPTIONS = ToolOptions(
    environment={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}, environment_policy=EnvironmentPolicy()
)


class World:
    """One thread and all that it talks to."""

    def __init__(
        self,
        folder: Path,
        model: ScriptedModel,
        tools: Iterable[FakeTool] = (),
        *,
        history: Iterable[Json] = (),
        usage: ThreadTokenUsage | None = None,
        retries: int = 2,
        config: Json | None = None,
        idle_s: int = 0,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.workspace = folder / "work <&> space"
        self.home.mkdir(exist_ok=True)
        self.workspace.mkdir(exist_ok=True)
        self.model = model
        self.followers = RecordingFollowers()
        self.journal = ListJournal()
        self._pool: Pool | None = None
        provider = {"name": "t", "base_url": "http://127.0.0.1:1", "stream_max_retries": retries}
        loaded = load(
            self.home,
            [*(config or {}).items(), ("model_providers.test", provider)],
            cwd=self.workspace,
            request={"model_provider": "test"},
            environ={},
        )
        self.settings = ThreadSettings(
            **{
                "model": "gpt-5.5",
                "model_provider": "test",
                "cwd": self.workspace,
                "workspace_roots": (str(self.workspace),),
                "approval_policy": "on-request",
                "sandbox_policy": DangerFullAccessSandboxPolicy(),
                **settings,
            }
        )
        self.thread = Thread(
            identity=ThreadIdentity(
                id="thread", session_id="thread", created_at=1, originator="tests", updated_at=now_s() - idle_s
            ),
            settings=self.settings,
            surroundings=Surroundings(
                config=loaded,
                load=lambda cwd: load(self.home, cwd=cwd, environ={}),
                rules=RuleBook(self.home),
                registry=Registry([FakeTool("echo", echo), *tools]),
                tool_options=OPTIONS,
                shell="bash",
                originator="tests",
                pool=self.pool,
            ),
            model=model,
            followers=self.followers,
            journal=self.journal,
            history=history,
            usage=usage,
        )

    def pool(self) -> Pool:
        if self._pool is None:
            self._pool = Pool(Credentials(self.home), os.environ)
        return self._pool

    async def close(self) -> None:
        """End what the thread has started."""
        await self.thread.close()
        if self._pool is not None:
            await self._pool.close()

    def start(self, text: str = "hello", settings: ThreadSettings | None = None, **options: Any) -> RunningTurn:
        turn = self.thread.turns.start(words(text), settings or self.thread.settings, **options)
        turn.start()
        return turn

    async def run(self, text: str = "hello", settings: ThreadSettings | None = None) -> Json:
        """The turn as turn/completed shows it."""
        count = len(self.followers.of("turn/completed"))
        self.start(text, settings)
        return dict((await self.followers.wait_for("turn/completed", count + 1))["turn"])

    async def interrupt(self, turn: RunningTurn) -> Json:
        (await self.thread.turns.interrupt(turn.id)).conclude()
        return dict(self.followers.of("turn/completed")[-1]["turn"])

    async def ended(self, turn: RunningTurn) -> Json:
        await turn.concluded.wait()
        found = [params["turn"] for params in self.followers.of("turn/completed") if params["turn"]["id"] == turn.id]
        assert len(found) == 1
        return dict(found[0])

    @property
    def history(self) -> list[Json]:
        return self.thread.history.items


def words(text: str, client_id: str | None = None) -> PreparedInput:
    return PreparedInput([TextUserInput(text=text)], client_id)


def said(item_id: str, *deltas: str) -> list[Step]:
    """A message in whole."""
    return [
        begun(item_id),
        *(TextDelta(item_id, delta) for delta in deltas),
        ItemDone(
            {
                "type": "message",
                "id": item_id,
                "role": "assistant",
                "content": [{"type": "output_text", "text": "".join(deltas)}],
            }
        ),
    ]


def begun(item_id: str) -> ItemAdded:
    return ItemAdded({"type": "message", "id": item_id, "role": "assistant", "content": []})


def called(call_id: str, name: str = "echo", arguments: str = "{}") -> list[Step]:
    item = {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name, "arguments": arguments}
    return [ItemAdded({**item, "arguments": ""}), ItemDone(item)]


def completed(tokens: int = 0) -> Completed:
    return Completed("resp", Usage(input_tokens=tokens, output_tokens=1, total_tokens=tokens + 1) if tokens else None)


def texts_of(items: Iterable[Json], role: str) -> list[str]:
    """The texts of a role's messages that are not the agent's own context."""
    found = [
        "".join(part.get("text", "") for part in item["content"])
        for item in items
        if item.get("role") == role and item["type"] == "message"
    ]
    return [text for text in found if not text.startswith(("<permissions", "<environment_context", "<project"))]


def assert_valid(items: Sequence[Json]) -> None:
    """Every call has exactly one output, of its kind and behind it; there is no output without a call."""
    open_calls: dict[str, str] = {}
    seen: set[str] = set()
    for item in items:
        kind = item.get("type", "")
        if kind in OUTPUT_OF:
            assert item["call_id"] not in seen
            seen.add(item["call_id"])
            open_calls[item["call_id"]] = OUTPUT_OF[kind]
        elif kind in OUTPUTS:
            assert open_calls.pop(item["call_id"]) == kind
    assert not open_calls
