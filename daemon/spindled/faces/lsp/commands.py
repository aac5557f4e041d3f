"""What `workspace/executeCommand` starts: a turn, mostly. Answered when it runs, not when it has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from spindled.faces.lsp import briefs
from spindled.faces.lsp.agent import Agent
from spindled.faces.lsp.briefs import Request, Selection
from spindled.faces.lsp.documents import Documents, disk_text, path_of
from spindled.faces.lsp.ui import StandardUi
from spindled.rpc.errors import RpcError

__all__ = ["Commands", "Folders"]

INVALID_PARAMS = -32602


class Folders(NamedTuple):
    """The folders that are open in the editor, the first one first."""

    paths: list[Path]

    def of(self, path: Path | None) -> Path | None:
        """The innermost folder around a file, else the first."""
        around = [folder for folder in self.paths if path is not None and path.is_relative_to(folder)]
        return max(around, key=lambda folder: len(folder.parts), default=self.paths[0] if self.paths else None)


class Commands:
    """`thread` is the one that `ask` goes on in: the last that was used."""

    def __init__(self, agent: Agent, ui: StandardUi, documents: Documents) -> None:
        self._agent = agent
        self._ui = ui
        self._documents = documents
        self._thread: str | None = None

    async def run(self, name: str, arguments: list[Any], folders: Folders) -> dict[str, Any]:
        """Raises RpcError."""
        request = _read(arguments)
        match name.removeprefix("spindled."):
            case "ask":
                if not request.text.strip():
                    raise RpcError(INVALID_PARAMS, "there is nothing to ask: give {text}")
                brief = briefs.ask(request.text, self._selection(request))
                thread = request.threadId or self._thread
                return await self._turn(brief, request, folders, opens=True, thread=thread)
            case "fix":
                brief = briefs.fix(self._needed(request), request.diagnostics)
                return await self._turn(brief, request, folders)
            case "explain":
                brief = briefs.explain(self._needed(request), request.diagnostics)
                return await self._turn(brief, request, folders, opens=True)
            case "refactor":
                brief = briefs.refactor(self._needed(request), request.refactoring, request.text)
                return await self._turn(brief, request, folders)
            case "review":
                if selection := self._selection(request):
                    brief = briefs.review(request.text, selection)
                    return await self._turn(brief, request, folders, opens=True)
                return await self._review(request, folders)
            case "undo":
                return await self._undo(request)
            case _:
                thread = self._chosen(request)
                return {"threadId": thread, "uri": (await self._ui.open_thread(thread)).as_uri()}

    async def _turn(
        self, brief: str, request: Request, folders: Folders, *, opens: bool = False, thread: str | None = None
    ) -> dict[str, Any]:
        thread = thread or await self._new_thread(request, folders)
        return self._began(thread, await self._agent.ask(thread, brief), opens)

    async def _review(self, request: Request, folders: Folders) -> dict[str, Any]:
        """Of what is not committed yet, or as the user says, by a reviewer that knows nothing of the conversation."""
        target = {"type": "custom", "instructions": request.text} if request.text else {"type": "uncommittedChanges"}
        thread = await self._new_thread(request, folders)
        started = await self._agent.call("review/start", threadId=thread, target=target)
        return self._began(thread, str(started.turn.id), opens=True)

    async def _new_thread(self, request: Request, folders: Folders) -> str:
        folder = folders.of(path_of(request.uri) if request.uri else None)
        where = {"cwd": str(folder)} if folder else {}
        return str((await self._agent.call("thread/start", **where)).thread.id)

    def _began(self, thread: str, turn: str, opens: bool) -> dict[str, Any]:
        if opens:
            self._ui.opens.add(turn)
        self._thread = thread
        return {"threadId": thread, "turnId": turn}

    async def _undo(self, request: Request) -> dict[str, Any]:
        from spindled.api.turns.edits import undo_edits

        thread = self._chosen(request)
        return {"threadId": thread, "files": await undo_edits(self._agent.session, thread)}

    def _chosen(self, request: Request) -> str:
        thread = request.threadId or self._thread
        if thread is None:
            raise RpcError(INVALID_PARAMS, "there is no thread yet: give {threadId}")
        return thread

    def _needed(self, request: Request) -> Selection:
        if selection := self._selection(request):
            return selection
        raise RpcError(INVALID_PARAMS, "it is not said which code: give {uri, range}")

    def _selection(self, request: Request) -> Selection | None:
        """The code that the request is about, as it stands in the editor."""
        if request.uri is None:
            return None
        path, document = path_of(request.uri), self._documents.get(request.uri)
        text = document.text if document else disk_text(path) if path else None
        if text is None:
            raise RpcError(INVALID_PARAMS, f"there is no text at {request.uri}")
        return briefs.quoted(str(path or request.uri), text, request.range, self._documents.encoding)


def _read(arguments: list[Any]) -> Request:
    """One object, or just the words."""
    first = arguments[0] if arguments else {}
    if isinstance(first, str):
        return Request(text=first)
    try:
        return msgspec.convert(first, Request)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_PARAMS, f"invalid argument: {error}") from None
