"""`--listen unix://` and `ws://`: where it listens, who is let in, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode

from tests.conftest import Listen
from tests.support.client import PATIENCE, Message
from tests.support.home import Home, daemon_command
from tests.support.sockets import Daemon

SECRET = "a secret that is long enough for every algorithm" * 2
TOKEN = "the capability of this test"
DEFAULT = Path("app-server-control") / "app-server-control.sock"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed(key: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    claims = {"exp": int(time.time()) + 3600, "iss": "us", "aud": "spindled", **claims}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


async def refusal(daemon: Daemon, headers: dict[str, str] | None = None) -> int:
    """The HTTP status that a client got instead of a websocket."""
    with pytest.raises(InvalidStatus) as refused:
        await daemon.open(headers=headers)
    return refused.value.response.status_code


async def plain(daemon: Daemon, request: str) -> tuple[int, str]:
    """What a plain HTTP request got: status, and all that came."""
    with daemon.raw() as connection:
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, request.encode())
        answer = b""
        async with asyncio.timeout(PATIENCE):
            while chunk := await loop.sock_recv(connection, 1 << 16):
                answer += chunk
    return int(answer.split()[1]), answer.decode()


def item_type(message: Message) -> str | None:
    """Of the item that a notification completes."""
    return message["params"]["item"]["type"] if message.get("method") == "item/completed" else None


async def told(home: Home, *arguments: str, **env: str) -> tuple[int, str]:
    """The exit code of a daemon that does not start, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *daemon_command(*arguments),
        env=home.environment(**env),
        cwd=home.workspace,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        _, stderr = await process.communicate()
    assert process.returncode is not None
    return process.returncode, stderr.decode()


# -- where


async def test_the_default_socket_is_where_clients_look_for_it(listen: Listen, short_path: Path, home: Home) -> None:
    daemon = await listen("unix://", env={"SPINDLED_HOME": str(short_path)})
    path = short_path / DEFAULT
    assert daemon.address == f"unix://{path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    client = await daemon.connect()
    assert (await client.initialize())["codexHome"] == str(short_path)
    assert await daemon.stop() == 0
    assert not path.exists()


async def test_a_folder_that_others_may_enter_is_refused(home: Home, short_path: Path) -> None:
    (short_path / "open").mkdir()
    (short_path / "open").chmod(0o777)
    code, text = await told(home, "--listen", f"unix://{short_path}/open/s")
    assert code == 1
    assert "others can write" in text


async def test_a_socket_in_use_is_not_taken_over(listen: Listen, home: Home) -> None:
    daemon = await listen("unix")
    code, text = await told(home, "--listen", daemon.address)
    assert code == 1
    assert "already in use" in text
    await (await daemon.connect()).initialize()


async def test_a_socket_that_was_left_behind_is_taken_over(listen: Listen) -> None:
    first = await listen("unix")
    os.kill(first.process.pid, signal.SIGKILL)
    await first.process.wait()
    path = Path(first.address.removeprefix("unix://"))
    assert path.is_socket()
    second = await listen("unix")
    await (await second.connect()).initialize()


async def test_what_is_no_socket_is_left_alone(home: Home, short_path: Path) -> None:
    precious = short_path / "notes"
    precious.write_text("mine")
    code, text = await told(home, "--listen", f"unix://{precious}")
    assert (code, precious.read_text()) == (1, "mine")
    assert "not a socket" in text


async def test_two_that_start_at_once_leave_one(home: Home, listen: Listen, short_path: Path) -> None:
    starting = [listen("unix") for _ in range(3)]
    results = await asyncio.gather(*starting, return_exceptions=True)
    (running,) = [result for result in results if isinstance(result, Daemon)]
    assert all("already in use" in str(result) for result in results if result is not running)
    await (await running.connect()).initialize()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--listen", "off"], "no transport configured"),
        (["--listen", "ws://localhost:0"], "expected `ws://IP:PORT`"),
        (["--listen", "ws://127.0.0.1:99999"], "expected `ws://IP:PORT`"),
        (["--listen", "http://127.0.0.1:1"], "unsupported --listen URL"),
        (["--listen", "ws://0.0.0.0:0"], "without auth"),
        (["--listen", "ws://[::]:0"], "without auth"),
        (["--listen", "ws://127.0.0.1:0", "--ws-auth", "capability-token"], "--ws-token-file"),
        (["--listen", "ws://127.0.0.1:0", "--ws-auth", "signed-bearer-token"], "--ws-shared-secret-file"),
        (["--listen", "ws://127.0.0.1:0", "--ws-auth", "capability-token", "--ws-token-sha256", "00"], "64-character"),
        (["--listen", "ws://127.0.0.1:0", "--ws-auth", "capability-token", "--ws-token-file", "/none"], "/none"),
    ],
)
async def test_what_would_let_in_others_does_not_start(home: Home, arguments: list[str], text: str) -> None:
    code, said = await told(home, *arguments)
    assert code != 0
    assert text in said


async def test_a_secret_that_can_be_guessed_does_not_start(home: Home, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("hunter2")
    code, said = await told(
        home, "--listen", "ws://127.0.0.1:0", "--ws-auth", "signed-bearer-token", "--ws-shared-secret-file", str(short)
    )
    assert code != 0
    assert "32 bytes" in said
    assert "hunter2" not in said


async def test_other_machines_only_when_it_is_said(listen: Listen) -> None:
    daemon = await listen("ws://0.0.0.0:0", "--allow-remote")
    assert "without auth" in daemon.stderr
    await (await daemon.connect()).initialize()


# -- who


@pytest.mark.parametrize("kind", ["unix", "ws"])
async def test_no_web_page_gets_in(listen: Listen, kind: str) -> None:
    daemon = await listen(kind)
    assert await refusal(daemon, {"Origin": "http://localhost"}) == 403
    for path in ("healthz", "readyz", "other"):
        assert (await plain(daemon, f"GET /{path} HTTP/1.1\r\nHost: x\r\nOrigin: null\r\n\r\n"))[0] == 403
    await daemon.until_logged("refused a request from a web page")


@pytest.mark.parametrize("kind", ["unix", "ws"])
async def test_its_health_is_told_to_everybody(listen: Listen, kind: str) -> None:
    daemon = await listen(kind)
    for path in ("healthz", "readyz"):
        assert (await plain(daemon, f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
    assert (await plain(daemon, "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))[0] >= 400
    assert (await plain(daemon, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n"))[0] >= 400


@pytest.mark.parametrize("how", ["file", "digest", "variable"])
async def test_a_capability_token(listen: Listen, tmp_path: Path, how: str) -> None:
    """Refused and logged without the secret: nothing, another one, another scheme."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    arguments = {
        "file": ["--ws-token-file", str(file)],
        "digest": ["--ws-token-sha256", sha256(TOKEN.encode()).hexdigest()],
        "variable": [],
    }[how]
    env = {"SPINDLED_WS_TOKEN": TOKEN} if how == "variable" else {}
    daemon = await listen("ws", "--ws-auth", "capability-token", *arguments, env=env)
    for headers in (None, bearer(""), bearer(TOKEN + "x"), bearer(TOKEN[:-1]), {"Authorization": f"Basic {TOKEN}"}):
        assert await refusal(daemon, headers) == 401
    await daemon.until_logged("invalid websocket bearer token")
    assert "missing websocket bearer token" in daemon.stderr
    assert TOKEN[:-1] not in daemon.stderr
    client = await daemon.connect(headers=bearer(TOKEN))
    await client.initialize()
    thread = await client.start_thread(approvalPolicy="never", sandbox="danger-full-access")
    turn = await client.run_turn(thread["id"], "run printenv SPINDLED_WS_TOKEN || echo kept")
    (command,) = [m["params"]["item"] for m in turn if item_type(m) == "commandExecution"]
    assert command["aggregatedOutput"] == "kept\n"
    assert (await plain(daemon, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200


NOW = int(time.time())
UNSIGNED = jwt.encode({"exp": NOW + 600, "iss": "us", "aud": "spindled"}, "", "none")
BAD = {
    "no algorithm": (UNSIGNED, "invalid websocket jwt"),
    "another algorithm": (signed(algorithm="HS512"), "invalid websocket jwt"),
    "another secret": (signed("another secret that is long enough too" * 2), "invalid websocket jwt"),
    "expired": (signed(exp=NOW - 3600), "expired websocket jwt"),
    "no expiry": (signed(exp=None), "invalid websocket jwt"),
    "an expiry that is no number": (signed(exp="soon"), "invalid websocket jwt"),
    "not valid yet": (signed(nbf=NOW + 3600), "websocket jwt is not valid yet"),
    "another issuer": (signed(iss="them"), "websocket jwt issuer mismatch"),
    "no issuer": (signed(iss=None), "websocket jwt issuer mismatch"),
    "another audience": (signed(aud="others"), "websocket jwt audience mismatch"),
    "no audience": (signed(aud=None), "websocket jwt audience mismatch"),
    "no token": ("a.b.c", "invalid websocket jwt"),
    "a part of one": (signed().rpartition(".")[0] + ".", "invalid websocket jwt"),
}


async def test_signed_tokens(listen: Listen, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    mode = ("--ws-auth", "signed-bearer-token", "--ws-shared-secret-file", str(file))
    daemon = await listen("ws", *mode, "--ws-issuer", "us", "--ws-audience", "spindled")
    for what, (token, text) in BAD.items():
        before = daemon.stderr.count(text)
        assert await refusal(daemon, bearer(token)) == 401, what
        await daemon.until_logged(text, before + 1)
        assert token not in daemon.stderr
    assert SECRET not in daemon.stderr
    for token in (signed(), signed(aud=["others", "spindled"]), signed(exp=int(time.time()) - 5)):
        await (await daemon.connect(headers=bearer(token))).initialize()


async def test_how_far_clocks_may_differ_can_be_said(listen: Listen) -> None:
    mode = ("--ws-auth", "signed-bearer-token", "--ws-max-clock-skew-seconds", "0")
    daemon = await listen("ws", *mode, env={"SPINDLED_WS_SECRET": SECRET})
    assert await refusal(daemon, bearer(signed(exp=int(time.time()) - 5))) == 401
    await (await daemon.connect(headers=bearer(signed(iss="anybody", aud=None)))).initialize()


# -- what is no message


@pytest.mark.parametrize("kind", ["unix", "ws"])
async def test_a_frame_that_is_too_large_ends_its_connection_only(listen: Listen, kind: str) -> None:
    daemon = await listen(kind)
    websocket = await daemon.open()
    other = await daemon.connect()
    header = bytes([0x81, 0x80 | 127]) + (1 << 32).to_bytes(8, "big") + b"mask"
    websocket.transport.write(header)
    with pytest.raises(ConnectionClosed) as closed:
        await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.MESSAGE_TOO_BIG
    await daemon.until_logged("a websocket was closed")
    await other.initialize()


async def test_bytes_are_no_messages(listen: Listen) -> None:
    daemon = await listen("ws")
    websocket = await daemon.open()
    await websocket.send(b"{}")
    with pytest.raises(ConnectionClosed) as closed:
        await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.UNSUPPORTED_DATA


async def test_a_client_that_says_nothing_holds_up_nobody(listen: Listen) -> None:
    daemon = await listen("unix")
    silent = [daemon.raw() for _ in range(50)]
    await (await daemon.connect()).initialize()
    for connection in silent:
        connection.close()


# -- how it ends


@pytest.mark.parametrize("kind", ["unix", "ws"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_tells_what_became_of_turns(listen: Listen, kind: str, number: int) -> None:
    daemon = await listen(kind)
    client = await daemon.connect()
    await client.initialize()
    thread = await client.start_thread()
    await client.start_turn(thread["id"], "stream 5000 words every 5 ms")
    await client.wait_for("item/agentMessage/delta")
    os.kill(daemon.process.pid, number)
    assert (await client.wait_for("turn/completed"))["params"]["turn"]["status"] == "interrupted"
    async with asyncio.timeout(PATIENCE):
        assert await daemon.process.wait() == 0
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
        daemon.raw()


async def test_it_lives_on_without_clients(listen: Listen) -> None:
    daemon = await listen("ws")
    first = await daemon.connect()
    await first.initialize()
    thread = await first.start_thread()
    await first.run_turn(thread["id"], "say One.")
    await first.close()
    second = await daemon.connect()
    await second.initialize()
    assert (await second.request("thread/loaded/list", {}))["data"] == [thread["id"]]


async def test_a_client_that_is_cut_off_ends_nothing(listen: Listen) -> None:
    daemon = await listen("ws")
    first, second = await daemon.connect(), await daemon.connect()
    await asyncio.gather(first.initialize(), second.initialize())
    thread = await first.start_thread()
    await second.run_turn(thread["id"], "say One.")
    await first.start_turn(thread["id"], "stream 50 words every 1 ms")
    connection = first.websocket.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await first.kill()
    done = await second.wait_for(lambda m: m.get("method") == "turn/completed", since=second.mark())
    assert done["params"]["turn"]["status"] == "completed"
