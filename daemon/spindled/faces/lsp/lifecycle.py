"""What may be said when: `initialize` first and once, nothing after `shutdown` but `exit`. No I/O."""

from __future__ import annotations

from enum import Enum

from spindled.rpc.errors import INVALID_REQUEST, RpcError

__all__ = ["Lifecycle"]

NOT_INITIALIZED = -32002


class Phase(Enum):
    NEW = "new"
    OPEN = "open"
    SHUT_DOWN = "shut down"
    GONE = "gone"


class Lifecycle:
    """Told of every message of the client, in order."""

    def __init__(self) -> None:
        self._phase = Phase.NEW
        self._code = 1

    @property
    def gone(self) -> bool:
        return self._phase is Phase.GONE

    @property
    def exit_code(self) -> int:
        """0 if the client has said `shutdown`."""
        return self._code if self.gone else int(self._phase is not Phase.SHUT_DOWN)

    def check(self, method: str) -> None:
        """Raises RpcError for a message that has no place here; a notification is then to be passed over."""
        if method == "exit":
            self._code = self.exit_code
            self._phase = Phase.GONE
        elif self._phase in (Phase.SHUT_DOWN, Phase.GONE):
            raise RpcError(INVALID_REQUEST, "the server has been shut down")
        elif method == "initialize":
            if self._phase is not Phase.NEW:
                raise RpcError(INVALID_REQUEST, "Already initialized")
            self._phase = Phase.OPEN
        elif self._phase is Phase.NEW:
            raise RpcError(NOT_INITIALIZED, "Not initialized")
        elif method == "shutdown":
            self._phase = Phase.SHUT_DOWN

    def refused(self) -> None:
        """The `initialize` that was checked last was answered with an error: it may come again."""
        self._phase = Phase.NEW
