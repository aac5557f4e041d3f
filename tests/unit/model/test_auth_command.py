"""Keys from a command: row credentials of the issue, over real sockets and with real children."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from spindled.config.schema import AuthCommand, Provider
from spindled.model.auth_command import CommandTokens
from spindled.model.client import ModelClient, make_client
from spindled.model.errors import Kind, ModelError, to_codex_error_info
from spindled.model.request import ModelRequest
from spindled.model.retry import Backoff
from spindled.process import registry
from tests.support.fake_items import message
from tests.support.fake_messages import messages_stream
from tests.support.fake_provider import FakeProvider, answer, stream
from tests.support.spoken import Say

REFUSED = answer(401, {"error": {"message": "bad key", "code": "invalid_api_key"}})
COUNTING = """
import pathlib
runs = pathlib.Path("runs")
n = len(runs.read_text()) if runs.exists() else 0
runs.write_text("x" * (n + 1))
"""


def command(folder: Path, code: str, **settings: Any) -> AuthCommand:
    more = {"cwd": str(folder), "timeout_ms": 20_000, **settings}
    return AuthCommand(command=sys.executable, args=["-c", code], **more)


def counted(folder: Path, **settings: Any) -> AuthCommand:
    """Prints token-1, token-2 ... and keeps count in its folder."""
    return command(folder, f"{COUNTING}print(f'  token-number-{{n + 1}}\\n')", **settings)


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        yield provider


@pytest_asyncio.fixture
async def clients(fake: FakeProvider) -> AsyncIterator[Any]:
    made: list[ModelClient] = []

    def make(auth: AuthCommand, **settings: Any) -> ModelClient:
        plain = Provider(id="p", name="p", base_url=fake.base_url, auth=auth, request_max_retries=0)
        made.append(make_client(replace(plain, **settings), environ=dict(os.environ), backoff=Backoff(base=0.0)))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


async def sample(client: ModelClient) -> None:
    async for _ in client.stream(ModelRequest(model="m")):
        pass


def shown(fake: FakeProvider, header: str = "authorization") -> list[str]:
    return [request.headers.get(header, "") for request in fake.requests]


async def test_what_it_prints_is_the_key_and_is_kept(fake: FakeProvider, clients: Any, tmp_path: Path) -> None:
    client = clients(counted(tmp_path))
    await asyncio.gather(*[sample(client) for _ in range(3)])
    assert shown(fake) == ["Bearer token-number-1"] * 3
    assert registry.running() == []


async def test_it_is_shown_as_the_provider_wants_it(fake: FakeProvider, clients: Any, tmp_path: Path) -> None:
    fake.script(messages_stream(Say("ok")))
    await sample(clients(counted(tmp_path), wire_api="messages"))
    assert shown(fake, "x-api-key") == ["token-number-1"]


async def test_a_refusal_asks_for_another_one_once(fake: FakeProvider, clients: Any, tmp_path: Path) -> None:
    client = clients(counted(tmp_path))
    fake.script(REFUSED, stream(message("ok")), REFUSED, REFUSED)
    await sample(client)
    assert shown(fake) == ["Bearer token-number-1", "Bearer token-number-2"]
    with pytest.raises(ModelError) as caught:
        await sample(client)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert shown(fake)[2:] == ["Bearer token-number-2", "Bearer token-number-3"]


async def test_many_that_are_refused_share_one_new_key(fake: FakeProvider, clients: Any, tmp_path: Path) -> None:
    client = clients(counted(tmp_path))
    fake.script(stream(message("ok")), REFUSED, REFUSED, REFUSED)
    await sample(client)
    await asyncio.gather(*[sample(client) for _ in range(3)])
    assert sorted(shown(fake)[4:]) == ["Bearer token-number-2"] * 3


async def test_the_same_key_again_is_not_shown_twice(fake: FakeProvider, clients: Any, tmp_path: Path) -> None:
    client = clients(command(tmp_path, "print('always-the-same')"))
    fake.script(REFUSED)
    with pytest.raises(ModelError) as caught:
        await sample(client)
    assert (caught.value.kind, len(fake.requests)) == (Kind.UNAUTHORIZED, 1)


@pytest.mark.parametrize(("interval", "last"), [(1, 3), (0, 1), (3_600_000, 1)])
async def test_the_interval(tmp_path: Path, interval: int, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second goes by before each use, by the clock that is used."""
    now = iter(range(10**6))
    monkeypatch.setattr("spindled.model.auth_command.time.monotonic", lambda: next(now) / 2)
    tokens = CommandTokens("p", counted(tmp_path, refresh_interval_ms=interval), os.environ)
    for _ in range(3):
        token = await tokens.current()
    assert token == f"token-number-{last}"


async def test_no_shell_and_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """A path counts from `cwd`, and what looks like shell is an argument."""
    script = tmp_path / "print-key"
    script.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1])\n")
    script.chmod(0o755)
    auth = AuthCommand(command="./print-key", args=["$(echo-$HOME)"], cwd=str(tmp_path))
    assert await CommandTokens("p", auth, os.environ).current() == "$(echo-$HOME)"


SECRET = "printed-but-not-to-be-seen"
FAILING = {
    "an exit code": (f"print('{SECRET}'); raise SystemExit(3)", {}, "it ended with 3"),
    "nothing": ("pass", {}, "it printed no token"),
    "two lines": (f"print('{SECRET}\\nmore')", {}, "is no token"),
    "no text": (f"import os; os.write(1, b'{SECRET}\\xff')", {}, "is no token"),
    "too much": (f"print('{SECRET}' * 10000)", {}, "is no token"),
    "no end": (f"print('{SECRET}', flush=True); import time; time.sleep(600)", {"timeout_ms": 300}, "within 300 ms"),
}


@pytest.mark.parametrize(("code", "settings", "why"), FAILING.values(), ids=FAILING.keys())
async def test_failures_are_typed_and_do_not_quote_it(
    fake: FakeProvider, clients: Any, tmp_path: Path, code: str, settings: dict[str, Any], why: str
) -> None:
    with pytest.raises(ModelError, match=why) as caught:
        await sample(clients(command(tmp_path, code, **settings)))
    assert (to_codex_error_info(caught.value), caught.value.retryable) == ("unauthorized", False)
    assert SECRET not in str(caught.value)
    assert (fake.requests, registry.running()) == ([], [])


async def test_a_command_that_is_not_there(clients: Any) -> None:
    with pytest.raises(ModelError, match="No such file") as caught:
        await sample(clients(AuthCommand(command="no-such-command-here")))
    assert caught.value.kind is Kind.CREDENTIALS


async def test_giving_up_ends_the_command(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    code = "import time; open('started', 'w').close(); time.sleep(600)"
    tokens = CommandTokens("p", command(tmp_path, code), os.environ)
    waiting = asyncio.ensure_future(tokens.current())
    await asyncio.to_thread((tmp_path / "started").read_bytes)  # returns when the command has opened it
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert registry.running() == []


async def test_the_key_is_masked_where_a_provider_repeats_it(fake: FakeProvider, clients: Any, tmp_path: Path) -> None:
    fake.script(answer(400, json.dumps({"error": {"message": "odd: token-number-1"}}), headers={}))
    with pytest.raises(ModelError) as caught:
        await sample(clients(counted(tmp_path)))
    assert "token-number-1" not in str(caught.value) + caught.value.said
    assert "[secret]" in str(caught.value)
