"""What can go wrong with a server. The texts are for the user and the model; no secret is in them."""

from __future__ import annotations


class McpError(Exception):
    """A server that cannot do what was asked of it."""


class StartupFailed(McpError):
    """`login`: it wants the user to log in first."""

    def __init__(self, text: str, login: bool = False):
        super().__init__(text)
        self.login = login


class StartupTimeout(StartupFailed):
    def __init__(self, seconds: float):
        super().__init__(f"it did not answer within {seconds:g} s")
        self.seconds = seconds


class ServerGone(McpError):
    """The connection ended. `unheard`: the server certainly did nothing, so the request may be sent again."""

    def __init__(self, text: str = "the server ended before it answered", unheard: bool = False):
        super().__init__(text)
        self.unheard = unheard


class CallTimeout(McpError):
    def __init__(self, method: str, seconds: float):
        super().__init__(f"no answer to {method} within {seconds:g} s")


class ServerError(McpError):
    """The server's own error answer."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def leaves(error: BaseException) -> list[BaseException]:
    """What went wrong, where the library's task groups have gathered it."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in leaves(each)]
    return [error]
