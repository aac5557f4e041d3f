"""command/exec: one command for the client, its output at the end or as it comes."""

from __future__ import annotations

import base64
from typing import Any

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, refusal
from tests.conftest import Spawn
from tests.support.client import Client, Message
from tests.support.home import Home
from tests.support.processes import alive, with_environment

INTERNAL, BAD_PARAMS = -32603, -32602
DELTA = "command/exec/outputDelta"
LONG = "echo $$ > pid; sleep 1000 & echo ready; sleep 1000"


def shell(script: str, **more: Any) -> Message:
    return {"command": ["sh", "-c", script], **more}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def streamed(messages: list[Message], stream: str = "stdout") -> str:
    return b"".join(base64.b64decode(m["deltaBase64"]) for m in messages if m["stream"] == stream).decode()


async def test_output_at_the_end(client: Client, home: Home) -> None:
    result = await client.request("command/exec", shell("pwd; echo $ZZ; cat; echo err >&2; exit 3", env={"ZZ": "1"}))
    assert result == {"exitCode": 3, "stdout": f"{home.workspace}\n1\n", "stderr": "err\n"}
    unset = shell("echo ${HOME-none}", cwd="/", env={"HOME": None})
    assert await client.request("command/exec", unset) == {"exitCode": 0, "stdout": "none\n", "stderr": ""}


async def test_output_as_it_comes_and_before_the_result(client: Client) -> None:
    script = "echo one; read line; echo two $line; echo err >&2"
    asked = client.post("command/exec", shell(script, processId="p", streamStdin=True, streamStdoutStderr=True))
    first = await client.wait_for(DELTA)
    assert first["params"] == {
        "processId": "p",
        "stream": "stdout",
        "deltaBase64": encoded("one\n"),
        "capReached": False,
    }
    assert await client.request("command/exec/write", {"processId": "p", "deltaBase64": encoded("line\n")}) == {}
    answer = await asked
    assert answer["result"] == {"exitCode": 0, "stdout": "", "stderr": ""}
    told = [m["params"] for m in client.received[: client.received.index(answer)] if m.get("method") == DELTA]
    assert streamed(told) == "one\ntwo line\n"
    assert streamed(told, "stderr") == "err\n"


async def test_a_terminal(client: Client) -> None:
    script = "stty -echo; stty size; read line; stty size; cat"
    asked = client.post("command/exec", shell(script, processId="t", tty=True, size={"rows": 5, "cols": 6}))
    await client.wait_for(DELTA)
    await client.request("command/exec/resize", {"processId": "t", "size": {"rows": 7, "cols": 8}})
    await client.request("command/exec/write", {"processId": "t", "deltaBase64": encoded("\n"), "closeStdin": True})
    assert (await asked)["result"] == {"exitCode": 0, "stdout": "", "stderr": ""}
    assert streamed(client.notifications(DELTA)) == "5 6\r\n7 8\r\n"
    again = {"processId": "t", "size": {"rows": 7, "cols": 8}}
    assert await refusal(client, "command/exec/resize", again) == (
        INVALID,
        'no active command/exec for process id "t"',
    )


async def test_limits(client: Client) -> None:
    big = "head -c 3000000 /dev/zero | tr '\\0' a"
    assert len((await client.request("command/exec", shell(big)))["stdout"]) == 1 << 20
    assert len((await client.request("command/exec", shell(big, disableOutputCap=True)))["stdout"]) == 3_000_000
    assert (await client.request("command/exec", shell(big, outputBytesCap=4)))["stdout"] == "aaaa"
    capped = shell(big, outputBytesCap=4, processId="c", streamStdoutStderr=True)
    assert (await client.request("command/exec", capped))["exitCode"] == 0
    last = client.notifications(DELTA)[-1]
    assert (last["deltaBase64"], last["capReached"]) == (encoded("aaaa"), True)
    late = await client.request("command/exec", shell("echo early; sleep 1000", timeoutMs=300))
    assert late == {"exitCode": 124, "stdout": "early\n", "stderr": ""}


async def test_terminate_ends_the_whole_group(client: Client, home: Home) -> None:
    asked = client.post("command/exec", shell(LONG, processId="p", streamStdoutStderr=True, disableTimeout=True))
    await client.wait_for(DELTA)
    group = int((home.workspace / "pid").read_text())
    assert await refusal(client, "command/exec", shell("true", processId="p")) == (
        INVALID,
        'duplicate active command/exec process id: "p"',
    )
    write = {"processId": "p", "deltaBase64": encoded("x")}
    assert await refusal(client, "command/exec/write", write) == (
        INVALID,
        "stdin streaming is not enabled for this command/exec",
    )
    since = client.mark()
    assert await client.request("command/exec/terminate", {"processId": "p"}) == {}
    answer = await asked
    assert answer in client.received[since + 1 :]
    assert answer["result"]["exitCode"] == 137
    assert not alive(group)


async def test_what_is_refused(client: Client) -> None:
    for params, refused in [
        ({"command": []}, (INVALID, "command must not be empty")),
        (shell("true", tty=True), (INVALID, "command/exec tty or streaming requires a client-supplied processId")),
        (shell("true", timeoutMs=-5), (BAD_PARAMS, "command/exec timeoutMs must be non-negative, got -5")),
        (
            shell("true", timeoutMs=5, disableTimeout=True),
            (BAD_PARAMS, "command/exec cannot set both timeoutMs and disableTimeout"),
        ),
        (
            shell("true", outputBytesCap=5, disableOutputCap=True),
            (BAD_PARAMS, "command/exec cannot set both outputBytesCap and disableOutputCap"),
        ),
        (
            shell("true", size={"rows": 5, "cols": 5}),
            (BAD_PARAMS, "command/exec size requires tty: true"),
        ),
        (
            shell("true", processId="z", tty=True, size={"rows": 0, "cols": 5}),
            (BAD_PARAMS, "command/exec size rows and cols must be greater than 0"),
        ),
        (
            shell("true", sandboxPolicy={"type": "readOnly"}, permissionProfile=":workspace"),
            (INVALID, "`permissionProfile` cannot be combined with `sandboxPolicy`"),
        ),
        (
            {"command": ["no-such-program"]},
            (INTERNAL, "failed to spawn command: No such file or directory (os error 2)"),
        ),
        (shell("true", cwd="/a\0b"), (INVALID, "cwd contained an unexpected NUL byte")),
        (
            shell("true", cwd="/no/such"),
            (INTERNAL, "failed to spawn command: No such file or directory (os error 2)"),
        ),
    ]:
        assert await refusal(client, "command/exec", params) == refused
    assert await refusal(client, "command/exec/write", {"processId": "p", "closeStdin": False}) == (
        BAD_PARAMS,
        "command/exec/write requires deltaBase64 or closeStdin",
    )
    assert await refusal(client, "command/exec/write", {"processId": "p", "deltaBase64": "%"}) == (
        BAD_PARAMS,
        "invalid deltaBase64: Invalid symbol 37, offset 0.",
    )


async def test_what_no_sandbox_can_hold_is_not_run(launch: Launch, home: Home) -> None:
    """docs/security.md: fail closed."""
    client = await launch(sandbox_mode="workspace-write")
    for limits in ({}, {"sandboxPolicy": {"type": "readOnly"}}, {"permissionProfile": ":workspace"}):
        code, text = await refusal(client, "command/exec", shell("touch made", **limits))
        assert code == INTERNAL
        assert "sandbox" in text
    assert not (home.workspace / "made").exists()
    full = shell("touch made", sandboxPolicy={"type": "dangerFullAccess"})
    assert (await client.request("command/exec", full))["exitCode"] == 0
    granted = await client.request("command/exec", shell("echo", permissionProfile=":danger-full-access"))
    assert granted["exitCode"] == 0
    assert (home.workspace / "made").exists()


async def test_keys_of_providers_stay_with_the_daemon(spawn: Spawn, home: Home) -> None:
    home.write_config("http://127.0.0.1:9", provider={"env_key": "TEST_PROVIDER_KEY"})
    client = await spawn(env={"TEST_PROVIDER_KEY": "hush", "OTHER": "seen"})
    await client.initialize()
    result = await client.request("command/exec", shell("echo ${TEST_PROVIDER_KEY-none} $OTHER"))
    assert result["stdout"] == "none seen\n"


async def test_commands_end_with_their_connection(client: Client, home: Home) -> None:
    asked = client.post("command/exec", shell(LONG, processId="p", streamStdoutStderr=True, disableTimeout=True))
    await client.wait_for(DELTA)
    group = int((home.workspace / "pid").read_text())
    assert alive(group)
    assert await client.close() == 0
    assert "error" in await asked
    assert not alive(group)
    assert not with_environment("SPINDLED_HOME", str(home.path), besides=client.process.pid)
