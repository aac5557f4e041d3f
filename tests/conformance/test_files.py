"""fs/*: the host's files, and watches that end with their connection."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, refusal
from tests.conftest import Listen
from tests.support.client import Client
from tests.support.home import Home
from tests.support.processes import alive

INTERNAL = -32603
CHANGED = "fs/changed"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def test_write_read_look_copy_remove(scripted: Client, home: Home) -> None:
    folder, file = home.workspace / "a" / "b", home.workspace / "a" / "b" / "file"
    assert await scripted.request("fs/createDirectory", {"path": str(folder)}) == {}
    data = bytes(range(256)) * 1000
    assert await scripted.request("fs/writeFile", {"path": str(file), "dataBase64": encoded(data)}) == {}
    assert await scripted.request("fs/readFile", {"path": f"{folder}/../b/./file"}) == {"dataBase64": encoded(data)}
    found = await scripted.request("fs/getMetadata", {"path": str(file)})
    assert found.pop("modifiedAtMs") == file.stat().st_mtime_ns // 1_000_000
    assert found == {"isDirectory": False, "isFile": True, "isSymlink": False, "createdAtMs": 0}
    copied = home.workspace / "copy"
    copying = {"sourcePath": str(home.workspace / "a"), "destinationPath": str(copied)}
    assert (await refusal(scripted, "fs/copy", copying))[0] == INVALID
    assert await scripted.request("fs/copy", {**copying, "recursive": True}) == {}
    assert (copied / "b" / "file").read_bytes() == data
    listed = await scripted.request("fs/readDirectory", {"path": str(copied)})
    assert listed == {"entries": [{"fileName": "b", "isDirectory": True, "isFile": False}]}
    assert await scripted.request("fs/remove", {"path": str(copied)}) == {}
    assert not copied.exists()


NO_BASE = "Invalid request: AbsolutePathBuf deserialized without a base path"
REFUSED: list[tuple[str, Any, tuple[int, str]]] = [
    ("fs/readFile", {"path": "file"}, (INVALID, NO_BASE)),
    ("fs/readFile", {"path": "~/x"}, (INVALID, NO_BASE)),
    ("fs/readFile", {"path": "/a\0b"}, (INVALID, "file name contained an unexpected NUL byte")),
    ("fs/readFile", {"path": "/no/such"}, (INTERNAL, "No such file or directory (os error 2)")),
    ("fs/readFile", {"path": "/dev/zero"}, (INVALID, "path `/dev/zero` is not a file")),
    ("fs/getMetadata", {"path": "/no/such"}, (INTERNAL, "No such file or directory (os error 2)")),
    ("fs/readDirectory", {"path": "/dev/null"}, (INTERNAL, "Not a directory (os error 20)")),
    ("fs/writeFile", {"path": "/", "dataBase64": ""}, (INTERNAL, "Is a directory (os error 21)")),
    ("fs/createDirectory", {"path": "/", "recursive": False}, (INTERNAL, "File exists (os error 17)")),
    ("fs/remove", {"path": "/no/such", "force": False}, (INTERNAL, "No such file or directory (os error 2)")),
    (
        "fs/writeFile",
        {"path": "/no/such", "dataBase64": "aGVsbG8"},
        (INVALID, "fs/writeFile requires valid base64 dataBase64: Invalid padding"),
    ),
]


async def test_what_is_refused(scripted: Client) -> None:
    for method, params, refused in REFUSED:
        assert await refusal(scripted, method, params) == refused, (method, params)


async def test_a_large_file_holds_nobody_up(scripted: Client, home: Home) -> None:
    """Other requests are answered while it is read."""
    file = home.workspace / "large"
    file.write_bytes(os.urandom(1 << 20) * 24)
    large = scripted.post("fs/readFile", {"path": str(file)})
    small = scripted.post("fs/getMetadata", {"path": str(home.workspace)})
    await small
    assert not large.done()
    assert base64.b64decode((await large)["result"]["dataBase64"]) == file.read_bytes()


async def test_watches(scripted: Client, home: Home) -> None:
    folder = home.workspace / "folder"
    folder.mkdir()
    missing = home.workspace / "missing"
    watching = {"watchId": "folder", "path": f"{folder}/../folder"}
    assert await scripted.request("fs/watch", watching) == {"path": str(folder)}
    assert await scripted.request("fs/watch", {"watchId": "missing", "path": str(missing)}) == {"path": str(missing)}
    assert await refusal(scripted, "fs/watch", watching) == (INVALID, "watchId already exists: folder")
    (folder / "new").touch()
    told = await scripted.wait_for(CHANGED)
    assert told["params"] == {"watchId": "folder", "changedPaths": [str(folder / "new")]}
    since = scripted.mark()
    missing.touch()
    told = await scripted.wait_for(CHANGED, since=since)
    assert told["params"] == {"watchId": "missing", "changedPaths": [str(missing)]}

    assert await scripted.request("fs/unwatch", {"watchId": "folder"}) == {}
    assert await scripted.request("fs/unwatch", {"watchId": "folder"}) == {}
    since = scripted.mark()
    (folder / "unseen").touch()
    missing.write_text("x")
    await scripted.wait_for(CHANGED, since=since)
    assert {each["watchId"] for each in scripted.notifications(CHANGED, since)} == {"missing"}
    assert await scripted.request("fs/watch", watching) == {"path": str(folder)}
    assert await scripted.close() == 0


async def test_kept_to_roots(launch: Launch, home: Home) -> None:
    """Issue 4: a path outside the allowed roots is refused, whatever way leads there."""
    allowed = home.workspace / "allowed"
    allowed.mkdir()
    (home.workspace / "secret").write_text("hidden")
    (allowed / "way").symlink_to(home.workspace)
    (allowed / "file").write_text("seen")
    client = await launch(fs_roots=[str(allowed)])
    assert await client.request("fs/readFile", {"path": f"{allowed}/file"}) == {"dataBase64": encoded(b"seen")}
    for path in (home.workspace / "secret", allowed / "way" / "secret", allowed / ".." / "secret", Path("/")):
        named = {"path": str(path), "dataBase64": "", "watchId": "w"}
        for method in ("readFile", "writeFile", "createDirectory", "getMetadata", "readDirectory", "remove", "watch"):
            code, text = await refusal(client, f"fs/{method}", named)
            assert (code, text.split(":")[0]) == (INVALID, "path is outside the allowed roots"), (method, path)
        for copying in ((path, allowed / "copy"), (allowed / "file", path)):
            params = {"sourcePath": str(copying[0]), "destinationPath": str(copying[1]), "recursive": True}
            assert (await refusal(client, "fs/copy", params))[0] == INVALID
    search = {"query": "secret", "cancellationToken": None}
    assert (await refusal(client, "fuzzyFileSearch", {**search, "roots": [str(home.workspace)]}))[0] == INVALID
    assert await client.request("fuzzyFileSearch", {**search, "roots": [str(allowed)]}) == {"files": []}
    assert (home.workspace / "secret").read_text() == "hidden"
    assert "refused a path outside of fs_roots" in client.stderr


async def test_what_belongs_to_a_connection_ends_with_it(listen: Listen, home: Home) -> None:
    """Names are each client's own; when one leaves, its watches, commands and processes go, and the daemon stays."""
    daemon = await listen("unix", "-c", "sandbox_mode=danger-full-access")
    leaving, staying = await daemon.connect(), await daemon.connect()
    for client in (leaving, staying):
        await client.initialize()
        await client.request("fs/watch", {"watchId": "w", "path": str(home.workspace)})
    script = ["sh", "-c", "echo $$ > pid; echo ready; sleep 1000 & wait"]
    leaving.post("command/exec", {"command": script, "processId": "p", "streamStdoutStderr": True})
    await leaving.wait_for("command/exec/outputDelta")
    group = int((home.workspace / "pid").read_text())
    assert await refusal(staying, "command/exec/terminate", {"processId": "p"}) == (
        INVALID,
        'no active command/exec for process id "p"',
    )
    await leaving.close()
    same = {"command": ["sh", "-c", f"while kill -0 {group} 2>/dev/null; do sleep 0.01; done"], "processId": "p"}
    assert (await staying.request("command/exec", same))["exitCode"] == 0
    assert not alive(group)
    since = staying.mark()
    (home.workspace / "new").touch()
    await staying.wait_for(CHANGED, since=since)
