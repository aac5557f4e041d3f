"""A daemon whose application is small: run by test_process through the product's own main."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from spindled.__main__ import serve
from spindled.cli import Options, parse
from spindled.faces.appserver import Backend
from spindled.rpc.connection import Connection, Then
from spindled.rpc.router import Route


class Application:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.children: list[subprocess.Popen[bytes]] = []

    def session(self, connection: Connection) -> Any:
        self.connection = connection
        return self

    async def close(self, deadline_seconds: float) -> None:
        self.connection.notify("thread/closed", {})
        for child in self.children:
            child.kill()
            child.wait()
        (self.home / "closed").write_text("yes")
        if "hang" in os.environ.get("PROCESS_APP", ""):
            await asyncio.Event().wait()


def loaded_list(app: Application, params: Any) -> Any:
    print("a stray print", flush=True)
    os.write(1, b"a stray write\n")
    return {"data": [sys.stdin.read()], "nextCursor": None}


async def thread_read(app: Application, params: Any) -> Any:
    """Answers late."""
    await asyncio.sleep(0.05)
    return {"threadId": params.threadId}


async def thread_start(app: Application, params: Any) -> Any:
    """Starts a child, then never answers."""
    app.children.append(subprocess.Popen(["sleep", "1000"]))
    (app.home / "child").write_text(str(app.children[0].pid))
    app.connection.notify("thread/started", {})
    await asyncio.Event().wait()


def thread_list(app: Application, params: Any) -> Any:
    async def flood() -> None:
        for _ in range(1000):
            app.connection.notify("item/agentMessage/delta", {"delta": "x" * 10_000})
            await app.connection.wait_writable()

    def start() -> None:
        app.task = asyncio.ensure_future(flood())

    return Then({"data": []}, start)


def load(options: Options, home_path: str) -> Backend:
    home = Path(home_path)
    methods = {
        "thread/loaded/list": "loaded_list",
        "thread/read": "thread_read",
        "thread/start": "thread_start",
        "thread/list": "thread_list",
    }
    routes = {method: Route(f"__main__:{handler}") for method, handler in methods.items()}
    return Backend(str(home), lambda: routes, lambda: Application(home))


if __name__ == "__main__":
    serve(parse(sys.argv[1:]), load)
