"""A provider's Chat Completions endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .. import custom_tools, namespaces, retry
from ..http_stream import StreamClient
from ..provider import Provider
from ..quirks import chat_quirks
from ..request import ModelRequest
from ..sealed import Seal
from .assembler import ChatAssembler
from .request import encode


class ChatClient(StreamClient):
    path: ClassVar[str] = "/chat/completions"

    def __init__(
        self,
        provider: Provider,
        *,
        environ: Mapping[str, str] | None = None,
        backoff: retry.Backoff = retry.DEFAULT,
    ):
        super().__init__(provider, environ=environ, backoff=backoff, sign=chat_quirks(provider, "").sign)
        self._seal = Seal(provider.id, "chat")

    def body(self, request: ModelRequest) -> bytes:
        return encode(namespaces.flattened(request), chat_quirks(self._provider, request.model), self._seal)

    def assembler(self, request: ModelRequest) -> ChatAssembler:
        quirks = chat_quirks(self._provider, request.model)
        return ChatAssembler(
            self._seal,
            custom_tools.names(request.tools),
            quirks.reasoning_fields,
            renamed=namespaces.renamed(request.tools),
        )
