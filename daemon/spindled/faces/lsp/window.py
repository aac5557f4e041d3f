"""What an editor can show, ask and do, through the standard's own requests."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

__all__ = ["Window"]

log = logging.getLogger(__name__)


class Window:
    """Nothing here raises for what the client cannot do: there is an answer that says so."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server

    # -- what it can do

    def _can(self, capability: str) -> bool:
        return bool(get_capability(self._server.client_capabilities, capability, False))

    @property
    def takes_edits(self) -> bool:
        """Edits without versions could land in what was typed since; a client that knows none gets none."""
        return self._can("workspace.apply_edit") and self._can("workspace.workspace_edit.document_changes")

    @property
    def annotates(self) -> bool:
        return (
            get_capability(self._server.client_capabilities, "workspace.workspace_edit.change_annotation_support")
            is not None
        )

    @property
    def shows_progress(self) -> bool:
        return self._can("window.work_done_progress")

    @property
    def opens_documents(self) -> bool:
        return self._can("window.show_document.support")

    # -- telling

    def show(self, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=text))

    def warn(self, text: str) -> None:
        self.show(text, types.MessageType.Warning)

    def log(self, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
        self._server.window_log_message(types.LogMessageParams(type=kind, message=text))

    def trace(self, message: str, verbose: str) -> None:
        """For a client that asked for it with `$/setTrace`."""
        level = self._server.protocol.trace
        if level != types.TraceValue.Off:
            more = verbose if level == types.TraceValue.Verbose else None
            self._server.log_trace(types.LogTraceParams(message=message, verbose=more))

    # -- asking

    async def choose(self, text: str, titles: Sequence[str]) -> str | None:
        """The title that the user chose, None without an answer. When cancelled, the client is told."""
        actions = [types.MessageActionItem(title=title) for title in titles]
        params = types.ShowMessageRequestParams(type=types.MessageType.Warning, message=text, actions=actions)
        answer = await self._request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        return getattr(answer, "title", None)

    async def open(self, uri: str, *, take_focus: bool = True) -> bool:
        """Whether the document is shown."""
        if not self.opens_documents:
            return False
        params = types.ShowDocumentParams(uri=uri, take_focus=take_focus)
        return bool(getattr(await self._request(types.WINDOW_SHOW_DOCUMENT, params), "success", False))

    async def apply(self, edit: types.WorkspaceEdit, label: str) -> types.ApplyWorkspaceEditResult:
        """Raises ConnectionError if the client does not say whether it did it."""
        saves = self._can("workspace.workspace_edit.metadata_support")
        params = types.ApplyWorkspaceEditParams(
            edit=edit,
            label=label,
            # What is a refactoring may be saved at once, so that commands see it.
            metadata=types.WorkspaceEditMetadata(is_refactoring=True) if saves else None,
        )
        result = await self._request(types.WORKSPACE_APPLY_EDIT, params)
        if not isinstance(result, types.ApplyWorkspaceEditResult):
            raise ConnectionError
        return result

    async def begin_progress(self, title: str, message: str) -> str | None:
        """A token whose progress is shown, and may be cancelled; None if the client shows none."""
        if not self.shows_progress:
            return None
        token = f"spindled-{uuid.uuid4()}"
        progress = self._server.work_done_progress
        try:
            await progress.create_async(token)
        except JsonRpcException as error:
            log.info("no progress: %s", error)
            return None
        progress.begin(token, types.WorkDoneProgressBegin(title=title, message=message, cancellable=True))
        return token

    def on_cancel(self, token: str, cancel: Callable[[], None]) -> None:
        """Call this, in the loop, when the user cancels."""
        self._server.work_done_progress.tokens[token].add_done_callback(lambda _: cancel())

    def report_progress(self, token: str, message: str) -> None:
        self._server.work_done_progress.report(token, types.WorkDoneProgressReport(message=message, cancellable=True))

    def end_progress(self, token: str, message: str) -> None:
        progress = self._server.work_done_progress
        progress.tokens.pop(token, None)
        progress.end(token, types.WorkDoneProgressEnd(message=message))

    async def _request(self, method: str, params: Any) -> Any:
        """The result; None for an error."""
        id = str(uuid.uuid4())
        sent = self._server.protocol.send_request_async(method, params, id)
        try:
            return await asyncio.shield(sent)  # an answer that comes late must find somebody
        except JsonRpcException as error:
            log.info("%s: %s", method, error)
            return None
        except asyncio.CancelledError:
            self._server.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=id))
            raise
