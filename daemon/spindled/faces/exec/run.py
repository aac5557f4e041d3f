"""`spindled exec`: from the command line to the exit code."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import signal
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from spindled import __version__
from spindled.api.application import Application
from spindled.api.threads.thread_settings import approval_policy
from spindled.api.threads.threads import thread_start
from spindled.api.turns.turns import turn_interrupt, turn_start
from spindled.faces.exec.desk import Desk
from spindled.faces.exec.events import JsonLines
from spindled.faces.exec.inputs import ExecError, read_prompt, read_schema, user_input
from spindled.faces.exec.transcript import Transcript
from spindled.rpc.connection import Client, Then
from spindled.rpc.errors import RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.types import ThreadStartParams, TurnInterruptParams, TurnStartParams

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled.faces.exec.options import ExecOptions

__all__ = ["run"]

KEY = "CODEX_API_KEY"
ORIGINATOR = "CODEX_INTERNAL_ORIGINATOR_OVERRIDE"  # how software development kits name themselves
PATIENCE_SECONDS = 2.0

log = logging.getLogger(__name__)


class Task(NamedTuple):
    """What is to be done."""

    options: ExecOptions
    cwd: Path
    prompt: str
    schema: Any


def run(options: ExecOptions, home: str, environ: MutableMapping[str, str]) -> int:
    """The exit code: 0 if the turn completed, 128 and the signal if one ended it, else 1."""
    try:
        key = environ.pop(KEY, "").strip()  # gone before any command inherits it
        client = Client(name=environ.pop(ORIGINATOR, "") or "codex_exec", version=__version__)
        cwd = folder(options.cwd)
        schema = read_schema(options.output_schema)
        prompt = read_prompt(options, say)
        return asyncio.run(perform(Task(options, cwd, prompt, schema), Path(home), client, key))
    except ExecError as error:
        say(f"{error}\n")
    except RpcError as error:
        say(f"Error: {error.message}\n")
    return 1


def folder(given: str | None) -> Path:
    """Where to work. Raises ExecError."""
    try:
        path = Path(given or ".").resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ExecError(f"cannot work in {given}: {getattr(error, 'strerror', None) or error}") from error
    if not path.is_dir():
        raise ExecError(f"cannot work in {given}: not a folder")
    return path


async def perform(task: Task, home: Path, client: Client, key: str) -> int:
    """Raises ExecError and RpcError for what keeps a turn from beginning."""
    output: JsonLines | Transcript = JsonLines() if task.options.json else Transcript()
    desk = Desk(client, output.wanted)
    application = Application(home, task.options.overrides, task.options)
    stopped = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, stopped, number)
    try:
        session = application.session(desk)
        session.source = "exec"
        opened = await open_thread(session, task, key)
        await write(task.options, output.opened(opened, task.prompt))
        turn = await ask(
            session,
            turn_start,
            TurnStartParams(
                threadId=opened["thread"]["id"],
                input=user_input(task.options, task.prompt),
                outputSchema=UNSET if task.schema is None else task.schema,
            ),
        )
        following = asyncio.ensure_future(follow(desk, output, task.options, turn["turn"]["id"]))
        await asyncio.wait({following, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            await interrupt(session, opened["thread"]["id"])
            await asyncio.wait({following}, timeout=PATIENCE_SECONDS)  # nobody may be reading any more
            following.cancel()
        return 128 + stopped.result() if stopped.done() else await following
    finally:
        desk.closed.set()
        await application.close(PATIENCE_SECONDS)


def stop(stopped: asyncio.Future[int], number: int) -> None:
    if not stopped.done():
        stopped.set_result(number)


async def open_thread(session: Session, task: Task, key: str) -> dict[str, Any]:
    """The result of thread/start or thread/resume."""
    options = task.options
    overrides = dict(options.overrides)
    config = session.application.config(task.cwd, overrides)
    check_place(config, options)
    if key and config.provider.requires_openai_auth:
        overrides[f'model_providers."{config.provider.id}".experimental_bearer_token'] = key
    if options.writable:
        roots = [*config.settings.sandbox_workspace_write.writable_roots, *map(os.path.abspath, options.writable)]
        overrides["sandbox_workspace_write.writable_roots"] = roots
    unset = config.settings.approval_policy is None
    given: dict[str, Any] = {
        "cwd": str(task.cwd),
        "config": overrides,
        "approvalPolicy": options.approval_policy or ("never" if unset else approval_policy(config)),
        "sandbox": options.sandbox or config.sandbox_mode,
    }
    if options.bypass:
        given.update(approvalPolicy="never", sandbox="danger-full-access")
    if options.resume:
        return await resume(session, options, given)
    start = ThreadStartParams(**given, ephemeral=options.ephemeral, threadSource=options.thread_source or "user")
    return await ask(session, thread_start, start)


async def resume(session: Session, options: ExecOptions, given: dict[str, Any]) -> dict[str, Any]:
    from spindled.api.reading.library import thread_list
    from spindled.api.threads.resuming import thread_resume
    from spindled_protocol.types import ThreadListParams, ThreadResumeParams

    id = options.resume_id
    if id is None:
        cwd = UNSET if options.everywhere else given["cwd"]
        kinds: Any = ["exec", "cli", "vscode", "appServer"]
        page = ThreadListParams(limit=1, sortKey="updated_at", cwd=cwd, sourceKinds=kinds)
        found = (await ask(session, thread_list, page))["data"]
        if not found:
            raise ExecError("There is no thread to resume" + ("." if options.everywhere else " of this folder."))
        id = found[0]["id"]
    return await ask(session, thread_resume, ThreadResumeParams(threadId=id, excludeTurns=True, **given))


def check_place(config: Config, options: ExecOptions) -> None:
    """Without anybody to ask, an agent works only where its user said so, or where git can undo what it does."""
    from spindled.api.host.git import git_folder

    if not (options.skip_git_check or options.bypass or config.trust == "trusted" or git_folder(config.cwd)):
        raise ExecError("Not inside a trusted directory and --skip-git-repo-check was not specified.")


async def follow(desk: Desk, output: JsonLines | Transcript, options: ExecOptions, turn_id: str) -> int:
    """Tell what happens until the turn has ended; the exit code."""
    answer: str | None = None
    while True:
        method, params = await desk.told.get()
        if method == "item/completed" and params["item"]["type"] == "agentMessage":
            answer = params["item"]["text"]
        await write(options, output.told(method, params))
        if method == "turn/completed" and params["turn"]["id"] == turn_id:
            break
    if not options.json and answer is not None:
        await asyncio.to_thread(put, sys.stdout, f"{answer}\n")
    if options.last_message_file is not None:
        await asyncio.to_thread(keep, options.last_message_file, answer)
    return 0 if params["turn"]["status"] == "completed" else 1


async def interrupt(session: Session, thread_id: str) -> None:
    try:
        await ask(session, turn_interrupt, TurnInterruptParams(threadId=thread_id, turnId=""))
    except RpcError:
        log.debug("the turn has ended by itself")


async def ask(session: Session, handler: Any, params: Any) -> dict[str, Any]:
    """Call a handler as a connection would; its result as JSON. Raises RpcError."""
    result = handler(session, params)
    if inspect.isawaitable(result):
        result = await result
    if isinstance(result, Then):
        result.start()
        result = result.result
    shown: dict[str, Any] = msgspec.to_builtins(result)
    return shown


async def write(options: ExecOptions, text: str) -> None:
    """Lines for programs on stdout, text for people on stderr; in a thread, as who reads may be slow."""
    if text:
        await asyncio.to_thread(put, sys.stdout if options.json else sys.stderr, text)


def put(file: Any, text: str) -> None:
    try:
        file.write(text)
        file.flush()
    except OSError:
        log.info("nobody reads what is printed")


def keep(path: str, answer: str | None) -> None:
    try:
        Path(path).write_text(answer or "", encoding="utf-8")
    except OSError as error:
        say(f"cannot write {path}: {error.strerror}\n")
    if answer is None:
        say(f"There is no answer; {path} is empty.\n")


def say(text: str) -> None:
    put(sys.stderr, text)
