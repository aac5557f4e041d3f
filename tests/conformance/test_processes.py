"""process/*: programs beside the threads, whose end is a notification."""

from __future__ import annotations

import base64
from typing import Any

from tests.conformance.steps import INVALID, refusal
from tests.support.client import Client, Message
from tests.support.home import Home
from tests.support.processes import alive

INTERNAL, BAD_PARAMS = -32603, -32602
DELTA, EXITED = "process/outputDelta", "process/exited"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def begin(client: Client, home: Home, script: str, handle: str = "h", **more: Any) -> int:
    """Spawns; the mark from which its notifications come."""
    since = client.mark()
    params = {"command": ["sh", "-c", script], "processHandle": handle, "cwd": str(home.workspace), **more}
    assert await client.request("process/spawn", params) == {}
    return since


async def exited(client: Client, since: int) -> Message:
    return dict((await client.wait_for(EXITED, since=since))["params"])


async def test_output_and_exit(scripted: Client, home: Home) -> None:
    since = await begin(scripted, home, "echo o; echo e >&2; exit 4")
    assert await exited(scripted, since) == {
        "processHandle": "h",
        "exitCode": 4,
        "outputDrainTimedOut": False,
        "stdout": "o\n",
        "stdoutCapReached": False,
        "stderr": "e\n",
        "stderrCapReached": False,
    }
    since = await begin(scripted, home, "seq 1 100", outputBytesCap=20)  # the handle is free again
    told = await exited(scripted, since)
    assert (told["stdout"], told["stdoutCapReached"]) == ("1\n2\n3\n4\n5\n6\n7\n8\n9\n10", True)
    since = await begin(scripted, home, "head -c 3000000 /dev/zero", outputBytesCap=None)
    assert len((await exited(scripted, since))["stdout"]) == 3_000_000


async def test_input_and_streams(scripted: Client, home: Home) -> None:
    since = await begin(scripted, home, "cat; echo end >&2", streamStdin=True, streamStdoutStderr=True)
    writing = {"processHandle": "h", "deltaBase64": encoded("hello"), "closeStdin": True}
    assert await scripted.request("process/writeStdin", writing) == {}
    told = await exited(scripted, since)
    assert (told["stdout"], told["stderr"], told["exitCode"]) == ("", "", 0)
    pieces = [(m["stream"], m["deltaBase64"]) for m in scripted.notifications(DELTA, since)]
    assert pieces == [("stdout", encoded("hello")), ("stderr", encoded("end\n"))]


async def test_a_terminal(scripted: Client, home: Home) -> None:
    script = "stty -echo; stty size; read line; stty size"
    since = await begin(scripted, home, script, tty=True, size={"rows": 5, "cols": 6})
    await scripted.wait_for(DELTA, since=since)
    assert await scripted.request("process/resizePty", {"processHandle": "h", "size": {"rows": 7, "cols": 8}}) == {}
    await scripted.request("process/writeStdin", {"processHandle": "h", "deltaBase64": encoded("\n")})
    assert (await exited(scripted, since))["exitCode"] == 0
    pieces = [base64.b64decode(m["deltaBase64"]) for m in scripted.notifications(DELTA, since)]
    assert b"".join(pieces) == b"5 6\r\n7 8\r\n"


async def test_kill_and_time_limits(scripted: Client, home: Home) -> None:
    since = await begin(scripted, home, "trap '' TERM; sleep 1000 & echo ready; wait", streamStdoutStderr=True)
    await scripted.wait_for(DELTA, since=since)
    duplicate = {"command": ["true"], "processHandle": "h", "cwd": "/"}
    assert await refusal(scripted, "process/spawn", duplicate) == (INVALID, 'duplicate active process handle: "h"')
    resize = {"processHandle": "h", "size": {"rows": 1, "cols": 1}}
    assert await refusal(scripted, "process/resizePty", resize) == (
        INVALID,
        "failed to resize PTY: process is not attached to a PTY",
    )
    assert await scripted.request("process/kill", {"processHandle": "h"}) == {}
    assert (await exited(scripted, since))["exitCode"] == 137
    gone = (INVALID, 'no active process for process handle "h"')
    assert await refusal(scripted, "process/kill", {"processHandle": "h"}) == gone
    since = await begin(scripted, home, "sleep 1000", timeoutMs=200)
    assert (await exited(scripted, since))["exitCode"] == 124


async def test_what_it_leaves_in_the_background_ends_with_it(scripted: Client, home: Home) -> None:
    since = await begin(scripted, home, "sleep 1000 & echo $! > pid; echo hi")
    told = await exited(scripted, since)
    assert (told["stdout"], told["outputDrainTimedOut"]) == ("hi\n", True)
    assert not alive(int((home.workspace / "pid").read_text()))


async def test_what_is_refused(scripted: Client) -> None:
    good = {"command": ["true"], "processHandle": "h", "cwd": "/"}
    for change, refused in [
        ({"command": []}, (INVALID, "command must not be empty")),
        ({"processHandle": ""}, (INVALID, "processHandle must not be empty")),
        ({"cwd": "rel"}, (INVALID, "Invalid request: AbsolutePathBuf deserialized without a base path")),
        ({"cwd": "/no/such"}, (INTERNAL, "failed to spawn process: No such file or directory (os error 2)")),
        ({"command": ["no-such"]}, (INTERNAL, "failed to spawn process: No such file or directory (os error 2)")),
        ({"timeoutMs": -1}, (BAD_PARAMS, "process/spawn timeoutMs must be non-negative, got -1")),
        ({"size": {"rows": 1, "cols": 1}}, (BAD_PARAMS, "process/spawn size requires tty: true")),
        (
            {"tty": True, "size": {"rows": 1, "cols": 0}},
            (BAD_PARAMS, "process size rows and cols must be greater than 0"),
        ),
    ]:
        assert await refusal(scripted, "process/spawn", {**good, **change}) == refused
    assert await refusal(scripted, "process/writeStdin", {"processHandle": "h"}) == (
        BAD_PARAMS,
        "process/writeStdin requires deltaBase64 or closeStdin",
    )


async def test_processes_end_with_their_connection(scripted: Client, home: Home) -> None:
    script = "trap '' TERM; sleep 1000 & echo $$ > pid; echo ready; wait"
    since = await begin(scripted, home, script, streamStdoutStderr=True, timeoutMs=None)
    await scripted.wait_for(DELTA, since=since)
    group = int((home.workspace / "pid").read_text())
    assert alive(group)
    assert await scripted.close() == 0
    assert not alive(group)
