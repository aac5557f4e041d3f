"""The daemon where its home, its disk, its configuration or its provider cannot be used."""

from __future__ import annotations

import resource
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Spawn
from tests.support.client import Client, RequestFailed, agent_texts
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home, daemon_command


async def failed_turn(client: Client, **thread: Any) -> dict[str, Any]:
    """The error of a turn that fails."""
    started = await client.start_thread(**thread)
    messages = await client.run_turn(started["id"], "hello")
    turn = messages[-1]["params"]["turn"]
    assert turn["status"] == "failed"
    return dict(turn["error"])


async def test_a_home_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = Home(tmp_path / "file" / "home", tmp_path)
    client = await Client.start(daemon_command(), env=home.environment(), cwd=tmp_path)
    await client.process.wait()
    assert client.process.returncode == 1
    await client.kill()
    assert str(tmp_path / "file") in client.stderr
    assert "Traceback" not in client.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A home on a file system of 512 KiB, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here; see the next test")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Leave no byte free."""
    filler = place / "filler"
    with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    return filler


async def test_a_full_disk(small_disk: Path, home: Home) -> None:
    place = Home(small_disk, home.workspace)
    async with FakeProvider() as fake:
        place.write_config(fake.base_url)
        client = await Client.start(daemon_command(), env=place.environment(), cwd=place.workspace)
        await client.initialize()
        thread = (await client.start_thread())["id"]
        await client.run_turn(thread, "first")
        filler = fill(small_disk)
        # Larger than what may be left of the rollout's last page.
        fake.script(stream(message("x" * 8192)), stream(message("y" * 8192)))
        messages = await client.run_turn(thread, "second")
        assert messages[-1]["params"]["turn"]["status"] == "completed"
        [warning] = [message["params"] for message in messages if message.get("method") == "warning"]
        assert "No space left" in warning["message"]
        with pytest.raises(RequestFailed, match="No space left"):
            await client.start_turn(thread, "refused")
        filler.unlink()
        await client.run_turn(thread, "third")
        assert await client.close() == 0

        client = await Client.start(daemon_command(), env=place.environment(), cwd=place.workspace)
        await client.initialize()
        resumed = (await client.request("thread/resume", {"threadId": thread}))["thread"]
        texts = [[item.get("text") for item in turn["items"]][-1] for turn in resumed["turns"]]
        assert texts == ["ok", "x" * 8192, "y" * 8192]
        assert await client.close() == 0


async def test_a_limit_on_the_size_of_files(home: Home, spawn: Spawn) -> None:
    async with FakeProvider() as fake:
        home.write_config(fake.base_url)
        client = await spawn()
        await client.initialize()
        thread = await client.start_thread()
        await client.run_turn(thread["id"], "first")
        size = Path(thread["path"]).stat().st_size
        unlimited = resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (size + 100, unlimited[1]))
        messages = await client.run_turn(thread["id"], "second")
        assert messages[-1]["params"]["turn"]["status"] == "completed"
        assert len([message for message in messages if message.get("method") == "warning"]) == 1
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, unlimited)
        await client.run_turn(thread["id"], "third")
        read = await client.request("thread/read", {"threadId": thread["id"], "includeTurns": True})
        assert [turn["status"] for turn in read["thread"]["turns"]] == ["completed"] * 3
        assert await client.close() == 0


async def test_a_provider_that_is_not_there(home: Home, spawn: Spawn) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        home.write_config(f"http://127.0.0.1:{port}/v1", provider={"request_max_retries": 0, "stream_max_retries": 0})
        client = await spawn()
        await client.initialize()
        error = await failed_turn(client)
        assert error["codexErrorInfo"] == {"httpConnectionFailed": {"httpStatusCode": None}}
        async with FakeProvider() as fake:  # the next thread reads the configuration anew
            home.write_config(fake.base_url)
            thread = (await client.start_thread())["id"]
            assert agent_texts(await client.run_turn(thread, "hello")) == ["ok"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('model = "m"\nmodel_provider = = 1\n', "config.toml:2:18"),
        ('model = "m"\n\napproval_policy = 3\n', "config.toml:3:19"),
    ],
)
async def test_a_configuration_that_cannot_be_read(home: Home, spawn: Spawn, text: str, place: str) -> None:
    config = home.path / "config.toml"
    config.write_text(text)
    client = await spawn()
    assert (await client.initialize())["codexHome"] == str(home.path)
    with pytest.raises(RequestFailed, match=place):
        await client.start_thread()
    config.write_text('model_provider = "scripted"\n')
    thread = (await client.start_thread())["id"]
    messages = await client.run_turn(thread, "hello")
    assert messages[-1]["params"]["turn"]["status"] == "completed"


async def test_an_unknown_provider(home: Home, spawn: Spawn) -> None:
    home.write_config("http://127.0.0.1:1/v1", model_provider="nowhere")
    client = await spawn()
    await client.initialize()
    with pytest.raises(RequestFailed, match="nowhere"):
        await client.start_thread()


async def test_a_key_that_is_missing(home: Home, spawn: Spawn) -> None:
    async with FakeProvider() as fake:
        home.write_config(fake.base_url, provider={"env_key": "SPINDLED_NO_SUCH_KEY"})
        client = await spawn()
        await client.initialize()
        error = await failed_turn(client)
        assert "SPINDLED_NO_SUCH_KEY" in error["message"]
        assert error["codexErrorInfo"] == "unauthorized"
        assert fake.requests == []
