"""The Responses API: the history goes out as it is."""

from __future__ import annotations

from typing import ClassVar

from .assembler import Assembler
from .http_stream import StreamClient
from .request import ModelRequest, encode


class ResponsesClient(StreamClient):
    """A provider's Responses endpoint."""

    path: ClassVar[str] = "/responses"

    def body(self, request: ModelRequest) -> bytes:
        return encode(request)

    def assembler(self, request: ModelRequest) -> Assembler:
        return Assembler()
