"""fs/*: the host's files, and watches that end with their connection."""

from __future__ import annotations

import base64
import os
from typing import Any

from tests.conformance.steps import INVALID, refusal
from tests.support.client import Client
from tests.support.home import Home

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
