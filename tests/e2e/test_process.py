"""The process around the wire: descriptors, signals, the end of input, a client that goes away."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

APP = [sys.executable, str(Path(__file__).with_name("process_app.py")), "app-server"]
INITIALIZE = {"id": 0, "method": "initialize", "params": {"clientInfo": {"name": "ed", "version": "1"}}}

Start = Callable[..., subprocess.Popen[bytes]]


def lines(*messages: Any) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def request(id: int, method: str, params: Any = None) -> dict[str, Any]:
    return {"id": id, "method": method, "params": params or {}}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(
        *arguments: str, stdin: Any = subprocess.PIPE, stdout: Any = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*APP, *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, "SPINDLED_HOME": str(tmp_path), **environment},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def pipe_of(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def send(process: subprocess.Popen[bytes], *messages: Any) -> None:
    pipe_of(process.stdin).write(lines(*messages))
    pipe_of(process.stdin).flush()


def receive(process: subprocess.Popen[bytes]) -> Any:
    return json.loads(pipe_of(process.stdout).readline())


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_the_end_of_input_is_the_end_after_every_answer(start: Start, tmp_path: Path) -> None:
    process = start()
    out, _ = process.communicate(
        lines(INITIALIZE, request(1, "thread/read", {"threadId": "t"}), request(2, "nope"), b"x".hex())
    )
    messages = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0
    assert {"id": 1, "result": {"threadId": "t"}} in messages
    assert [m.get("id") for m in messages[:3]] == [0, 2, None]
    assert messages[-1]["method"] == "thread/closed"
    assert (tmp_path / "closed").exists()


def test_nothing_stray_reaches_the_wire(start: Start) -> None:
    out, err = start().communicate(lines(INITIALIZE, request(1, "thread/loaded/list")))
    answers = [json.loads(line) for line in out.splitlines()]
    assert answers[1] == {"id": 1, "result": {"data": [""], "nextCursor": None}}
    assert b"a stray print\n" in err
    assert b"a stray write\n" in err


def test_files_for_input_and_output(start: Start, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(
        lines(INITIALIZE, *(request(n, "thread/read", {"threadId": "t"}) for n in range(1, 1001)))
    )
    with (tmp_path / "in").open("rb") as stdin, (tmp_path / "out").open("wb") as stdout:
        assert start(stdin=stdin, stdout=stdout).wait() == 0
    answers = [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    assert [a["id"] for a in answers if "id" in a] == list(range(1001))


def test_no_input_at_all(start: Start) -> None:
    process = start(stdin=subprocess.DEVNULL)
    assert process.communicate()[0] == b""
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("application", ["", "hang"])
def test_a_signal_ends_it_with_its_children(
    start: Start, tmp_path: Path, number: signal.Signals, application: str
) -> None:
    process = start(PROCESS_APP=application)
    send(process, INITIALIZE, request(1, "thread/start"))
    assert receive(process)["id"] == 0
    assert receive(process)["method"] == "thread/started"
    process.send_signal(number)
    assert process.wait() == 0
    assert gone(int((tmp_path / "child").read_text()))
    rest = [json.loads(line) for line in pipe_of(process.stdout)]
    assert next(m for m in rest if m.get("id") == 1)["error"]["code"] == -32603


def test_a_signal_before_anything(start: Start) -> None:
    process = start("-vv")
    send(process, INITIALIZE)
    receive(process)
    process.terminate()
    assert process.wait() == 0


def test_a_client_that_stops_reading_and_goes(start: Start) -> None:
    process = start()
    send(process, INITIALIZE, request(1, "thread/list"))
    receive(process)
    pipe_of(process.stdout).close()
    assert process.wait() == 0
    assert b"Traceback" not in pipe_of(process.stderr).read()


def test_a_client_that_reads_slowly_gets_everything(start: Start) -> None:
    process = start()
    send(process, INITIALIZE, request(1, "thread/list"))
    assert [receive(process)["id"] for _ in range(2)] == [0, 1]
    assert [receive(process)["method"] for _ in range(1000)] == ["item/agentMessage/delta"] * 1000


def test_a_client_that_does_not_read_does_not_hold_the_end(start: Start) -> None:
    process = start()
    send(process, INITIALIZE, request(1, "thread/list"))
    assert select.select([process.stdout], [], [], 10)[0]
    process.terminate()
    assert process.wait() == 0


def test_unread_logs_do_not_hold_it(start: Start) -> None:
    process = start()
    junk = [request(n, "thread/read", 5) for n in range(5)]
    for _ in range(200):
        pipe_of(process.stdin).write(b"no json at all\n" * 20)
        pipe_of(process.stdin).flush()
        for _ in range(20):
            assert receive(process)["error"]["code"] == -32700
    send(process, INITIALIZE, *junk)
    assert receive(process)["id"] == 0
    pipe_of(process.stdin).close()
    assert process.wait() == 0


def test_the_log_file(start: Start, tmp_path: Path) -> None:
    _, err = start("--log-file", str(tmp_path / "log")).communicate(b"no json\n")
    assert err == b""
    assert "malformed message of 7 bytes" in (tmp_path / "log").read_text()
    process = start("--log-file", str(tmp_path))
    assert b"error: " in process.communicate()[1]
    assert process.returncode == 1


@pytest.mark.parametrize("arguments", [["--what"], ["serve"], [], ["app-server", "--listen", "tcp://127.0.0.1:0"]])
def test_a_command_line_that_makes_no_sense(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "spindled", *arguments], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: ")


def test_the_version() -> None:
    done = subprocess.run([sys.executable, "-m", "spindled", "--version"], capture_output=True, check=True)
    assert done.stdout == b"spindled 0.1.0\n"


def test_closed_descriptors() -> None:
    command = f"exec {sys.executable} {APP[1]} app-server <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], env={**os.environ, "SPINDLED_HOME": "/"}, check=False).returncode == 0
