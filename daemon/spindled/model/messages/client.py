"""A provider's Messages endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .. import custom_tools, namespaces, retry
from ..http_stream import StreamClient
from ..provider import Provider
from ..quirks import messages_quirks
from ..request import ModelRequest
from ..sealed import Seal
from .assembler import MessagesAssembler
from .request import encode


class MessagesClient(StreamClient):
    path: ClassVar[str] = "/messages"
    listing_query: ClassVar[Mapping[str, str]] = {"limit": "1000"}  # one page

    def __init__(
        self,
        provider: Provider,
        *,
        environ: Mapping[str, str] | None = None,
        backoff: retry.Backoff = retry.DEFAULT,
    ):
        super().__init__(provider, environ=environ, backoff=backoff, sign=messages_quirks(provider, "").sign)
        self._seal = Seal(provider.id, "messages")

    def body(self, request: ModelRequest) -> bytes:
        return encode(namespaces.flattened(request), messages_quirks(self._provider, request.model), self._seal)

    def assembler(self, request: ModelRequest) -> MessagesAssembler:
        summarized = messages_quirks(self._provider, request.model).summarized
        return MessagesAssembler(
            self._seal,
            custom_tools.names(request.tools),
            summarized=summarized,
            renamed=namespaces.renamed(request.tools),
        )
