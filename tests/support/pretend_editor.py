"""An editor for tests, on pytest-lsp: it has buffers, makes edits only to the version they are for, answers prompts."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Union

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter
from pygls.workspace import PositionCodec
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES

from tests.support.home import Home

PATIENCE = 25.0


class PretendEditor(LanguageClient):
    """`prompts` were shown; `choose` says which title is chosen. `edits` came as workspace/applyEdit."""

    def __init__(self) -> None:
        super().__init__(converter_factory=converter)
        self.folder = tempfile.TemporaryDirectory(prefix="editor-")
        self.home = Home.create(Path(self.folder.name))
        self.buffers: dict[str, list[Any]] = {}  # URI -> [version, text]
        self.prompts: list[types.ShowMessageRequestParams] = []
        self.edits: list[types.ApplyWorkspaceEditParams] = []
        self.cancelled: list[Any] = []
        self.choose: Callable[[types.ShowMessageRequestParams], str | None] = lambda _: None
        self.before_edit: Callable[[], None] = lambda: None
        self.happened = asyncio.Condition()
        for method, feature in {**DEFAULT_CLIENT_FEATURES, **OWN_FEATURES}.items():
            self.feature(method)(feature)

    async def start_io(self, cmd: str, *args: str, **kwargs: Any) -> None:
        kwargs["env"] = self.home.environment()
        await super().start_io(cmd, *args, cwd=self.home.workspace, **kwargs)

    async def stop(self) -> None:
        try:
            await super().stop()
        finally:
            self.folder.cleanup()

    # -- buffers

    def uri(self, name: str) -> str:
        return (self.home.workspace / name).as_uri()

    def file(self, name: str, text: str) -> Path:
        path = self.home.workspace / name
        path.write_text(text)
        return path

    def open(self, name: str, text: str) -> str:
        uri = self.uri(name)
        self.buffers[uri] = [1, text]
        item = types.TextDocumentItem(uri=uri, language_id="text", version=1, text=text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return uri

    def text(self, name: str) -> str:
        return str(self.buffers[self.uri(name)][1])

    def type(self, name: str, text: str) -> None:
        """The user makes the whole text another."""
        self.change(self.uri(name), types.TextDocumentContentChangeWholeDocument(text=text), text)

    def change(self, uri: str, change: Any, text: str) -> None:
        buffer = self.buffers[uri]
        buffer[0], buffer[1] = buffer[0] + 1, text
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=buffer[0])
        params = types.DidChangeTextDocumentParams(text_document=document, content_changes=[change])
        self.text_document_did_change(params)

    def save(self, name: str) -> None:
        (self.home.workspace / name).write_text(self.text(name))
        document = types.TextDocumentIdentifier(uri=self.uri(name))
        self.text_document_did_save(types.DidSaveTextDocumentParams(text_document=document, text=self.text(name)))

    def make(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        """All edits, or none if one is for another version."""
        self.edits.append(params)
        self.before_edit()
        changes = [
            change for change in params.edit.document_changes or [] if isinstance(change, types.TextDocumentEdit)
        ]
        for change in changes:
            if change.text_document.version != self.buffers[change.text_document.uri][0]:
                return types.ApplyWorkspaceEditResult(applied=False, failure_reason="the buffer was changed")
        for change in changes:
            self._make(change)
        return types.ApplyWorkspaceEditResult(applied=True)

    def _make(self, change: types.TextDocumentEdit) -> None:
        uri = change.text_document.uri
        encoding = self.protocol_encoding
        for edit in reversed(change.edits):  # from the end, so that places stay
            assert not isinstance(edit, types.SnippetTextEdit)
            text = str(self.buffers[uri][1])
            lines = text.split("\n")
            codec = PositionCodec(encoding)

            def index(place: types.Position, lines: list[str] = lines, codec: PositionCodec = codec) -> int:
                column = codec.position_from_client_units([line + "\n" for line in lines], place).character
                return sum(len(line) + 1 for line in lines[: place.line]) + column

            start, end = index(edit.range.start), index(edit.range.end)
            after = text[:start] + edit.new_text + text[end:]
            event = types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)
            self.change(uri, event, after)

    protocol_encoding: types.PositionEncodingKind = types.PositionEncodingKind.Utf16

    # -- the session

    async def begin(self, capabilities: types.ClientCapabilities, **more: Any) -> types.InitializeResult:
        workspace = self.home.workspace
        folder = types.WorkspaceFolder(uri=workspace.as_uri(), name="workspace")
        params = types.InitializeParams(
            capabilities=capabilities, workspace_folders=[folder], root_uri=workspace.as_uri(), **more
        )
        return await self.initialize_session(params)

    async def command(self, name: str, **argument: Any) -> Any:
        params = types.ExecuteCommandParams(command=f"spindled.{name}", arguments=[argument] if argument else None)
        async with asyncio.timeout(PATIENCE):
            return await self.workspace_execute_command_async(params)

    async def wire(self, method: str, **params: Any) -> Any:
        async with asyncio.timeout(PATIENCE):
            return await self.protocol.send_request_async(method, params)

    async def until(self, what: Callable[[], Any]) -> Any:
        """What is not false; looked at whenever something came."""
        async with asyncio.timeout(PATIENCE), self.happened:
            while not (found := what()):
                await self.happened.wait()
            return found

    async def noticed(self) -> None:
        async with self.happened:
            self.happened.notify_all()

    def shown(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in message.message for message in self.messages)

    def progress(self) -> list[str]:
        """`kind message` of all that was reported."""
        reports = [value for values in self.progress_reports.values() for value in values]
        return [f"{report.kind} {report.message}" for report in reports]


def converter() -> Converter:
    """lsprotocol's takes a code action that has a command for a bare command."""
    made = default_converter()

    def action(obj: dict[str, Any], _: Any) -> Any:
        return made.structure(obj, types.Command if isinstance(obj.get("command"), str) else types.CodeAction)

    made.register_structure_hook(types.Command | types.CodeAction, action)
    made.register_structure_hook(Union[types.Command, types.CodeAction], action)  # noqa: UP007 - as lsprotocol has it
    return made


async def show_message_request(ls: PretendEditor, params: types.ShowMessageRequestParams) -> Any:
    ls.prompts.append(params)
    await ls.noticed()
    title = ls.choose(params)
    return types.MessageActionItem(title=title) if title else None


async def apply_edit(ls: PretendEditor, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
    result = ls.make(params)
    await ls.noticed()
    return result


async def show_message(ls: PretendEditor, params: types.ShowMessageParams) -> None:
    ls.messages.append(params)
    await ls.noticed()


async def show_document(ls: PretendEditor, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
    ls.shown_documents.append(params)
    await ls.noticed()
    return types.ShowDocumentResult(success=True)


async def log_message(ls: PretendEditor, params: types.LogMessageParams) -> None:
    ls.log_messages.append(params)
    await ls.noticed()


async def progress(ls: PretendEditor, params: types.ProgressParams) -> None:
    DEFAULT_CLIENT_FEATURES[types.PROGRESS](ls, params)
    await ls.noticed()


OWN_FEATURES: dict[str, Any] = {
    types.WINDOW_SHOW_MESSAGE_REQUEST: show_message_request,
    types.WORKSPACE_APPLY_EDIT: apply_edit,
    types.WINDOW_SHOW_MESSAGE: show_message,
    types.WINDOW_SHOW_DOCUMENT: show_document,
    types.WINDOW_LOG_MESSAGE: log_message,
    types.PROGRESS: progress,
}
