"""The language server's own part: a stock pygls server, fed by the channel and writing into the wire's outbox."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any

import msgspec
from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    default_converter,
    lsp_method,
)

from spindled import __version__
from spindled.faces.lsp.actions import ACTION_KINDS, COMMANDS, code_actions
from spindled.faces.lsp.documents import path_of
from spindled.faces.lsp.positions import Encoding
from spindled.rpc.errors import RpcError

__all__ = ["AgentServer", "Feed", "Host"]

ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}

log = logging.getLogger(__name__)


class Host:
    """What the server asks of the face around it."""

    def __init__(
        self,
        announcement: Callable[[], dict[str, Any]],
        command: Callable[[str, list[Any]], Awaitable[Any]],
        write: Callable[[bytes], None],
    ) -> None:
        self.announcement = announcement
        self.command = command
        self.write = write


class AgentProtocol(LanguageServerProtocol):
    """Announces the wire of agents beside the standard's capabilities."""

    host: Host

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        result: types.InitializeResult = yield from super().lsp_initialize(params)
        result.capabilities.experimental = {"spindled": self.host.announcement()}
        return result


class Writer:
    """What pygls writes to: whole messages, without headers; they go on in the wire's form, as all others do."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, data: bytes) -> None:
        message = msgspec.json.decode(data)
        del message["jsonrpc"]
        self._write(msgspec.json.encode(message) + b"\n")

    def close(self) -> None:
        """The connection is not pygls' to close."""


class AgentServer(LanguageServer):
    """Errors that no request is answered with go to the log, not into the user's face."""

    protocol: AgentProtocol

    def __init__(self, host: Host) -> None:
        logging.getLogger("pygls").setLevel(logging.CRITICAL)  # it logs what the user writes
        super().__init__("spindled", __version__, protocol_cls=AgentProtocol, converter_factory=_converter)
        self.protocol.host = host
        self.protocol.set_writer(Writer(host.write), include_headers=False)
        self._register(host)

    def report_server_error(self, error: Exception, source: Any) -> None:
        if source is not FeatureRequestError:  # that one is answered
            log.warning("%s", error)

    @property
    def is_initialized(self) -> bool:
        return hasattr(self.protocol, "server_capabilities")

    @property
    def encoding(self) -> Encoding:
        """What was agreed on for positions."""
        return ENCODINGS[str(getattr(agreed := self.server_capabilities.position_encoding, "value", agreed))]

    @property
    def folders(self) -> list[Any]:
        """Paths of the workspace folders, the root first where there is one."""
        uris = [self.workspace.root_uri, *(folder.uri for folder in self.workspace.folders.values())]
        return list(dict.fromkeys(path for uri in uris if uri and (path := path_of(uri))))

    def _register(self, host: Host) -> None:
        options = types.CodeActionOptions(code_action_kinds=[*ACTION_KINDS], resolve_provider=False)

        @self.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
        def actions(params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
            try:
                return code_actions(params, self.client_capabilities)
            except Exception:
                log.exception("code actions failed")
                raise JsonRpcInternalError("code actions failed") from None

        # The channel follows documents; that we want to be told of saves is said here.
        @self.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=True))
        def saved(params: types.DidSaveTextDocumentParams) -> None:
            pass

        for name in COMMANDS:
            self.command(name)(_command(partial(host.command, name)))


def _command(run: Callable[[list[Any]], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """As pygls takes it: a plain function of its own."""

    async def command(*arguments: Any) -> Any:
        try:
            return await run(list(arguments))
        except RpcError as error:
            raise JsonRpcException(error.message, error.code) from None
        except Exception:
            log.exception("a command failed")
            raise JsonRpcInternalError("the command failed") from None  # without the traceback that pygls would send

    return command


class Feed:
    """Messages to the server. Never raises: what cannot be handled is answered by `refuse`."""

    def __init__(self, server: AgentServer, refuse: Callable[[Any, RpcError], None]) -> None:
        self._protocol = server.protocol
        self._refuse = refuse

    def handle(self, id: Any, body: bytes) -> None:
        """`id` is that of a request."""
        try:
            message = msgspec.json.decode(body)
            message["jsonrpc"] = self._protocol.VERSION  # many forget it
            self._protocol.handle_message(self._protocol.structure_message(message))
        except JsonRpcException as error:
            self._fail(id, RpcError(error.code, error.message))
        except Exception:
            log.exception("a message of the client could not be handled")
            self._fail(id, RpcError(JsonRpcInternalError.CODE, "the request could not be handled"))

    def _fail(self, id: Any, error: RpcError) -> None:
        log.warning("%s", error)
        if isinstance(id, int | str):
            self._refuse(id, error)


def _converter() -> Converter:
    """pygls' own, but what is no message of the standard keeps its params as they are, or goes without."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    defaults: dict[type, dict[str, Any]] = {
        JsonRPCRequestMessage: {"params": None},
        JsonRPCNotification: {"params": None},
        JsonRPCResponseMessage: {"result": None},
    }
    for kind, missing in defaults.items():
        names = [field.name for field in kind.__attrs_attrs__]  # type: ignore[attr-defined]

        def structure(obj: dict[str, Any], cls: Any, names: Any = names, missing: Any = missing) -> Any:
            told = {**missing, **obj}
            return cls(**{name: told[name] for name in names})

        converter.register_structure_hook(kind, structure)
    return converter
