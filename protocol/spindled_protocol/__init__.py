"""The wire of codex app-server as data: types by family, and the table of its methods."""

from spindled_protocol.version import WIRE_VERSION

__all__ = ["WIRE_VERSION"]
