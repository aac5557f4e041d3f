"""The one place where what goes wrong below becomes an error of the wire."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.agent.edits import CannotUndo
from spindled.agent.goals.goals import GoalError
from spindled.agent.prompt.inputs import MOST_CHARACTERS, InputError, InputTooLarge
from spindled.agent.settings import SettingsError
from spindled.agent.threads import ThreadNotLoaded
from spindled.agent.toolset.servers import UnknownServer
from spindled.agent.turns import NotSteerable, TurnConflict
from spindled.config.errors import ConfigError
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RpcError
from spindled.store.errors import RolloutPathError, StoreError, ThreadLookupError, TurnNotFound
from spindled.store.library.errors import LibraryError
from spindled.tools.dynamic.dynamic_specs import SpecError
from spindled_protocol.types import CodexErrorInfoObject, TurnError

if TYPE_CHECKING:
    from collections.abc import Callable

# The caller's mistake, told in the error's own words.
REFUSED = (
    CannotUndo,
    InputError,
    SettingsError,
    SpecError,
    TurnConflict,
    ThreadNotLoaded,
    ThreadLookupError,
    RolloutPathError,
    TurnNotFound,
    LibraryError,
    GoalError,
)


def handler(function: Callable[..., Any]) -> Callable[..., Any]:
    """A handler whose domain errors are answered as the wire's."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def answer(*args: Any) -> Any:
            try:
                return await function(*args)
            except Exception as error:
                raise wire_error(error) from error

        return answer

    @wraps(function)
    def answer_now(*args: Any) -> Any:
        try:
            return function(*args)
        except Exception as error:
            raise wire_error(error) from error

    return answer_now


def wire_error(error: Exception) -> Exception:
    """The RpcError for a domain error; any other error as it is."""
    if isinstance(error, NotSteerable):
        return RpcError(INVALID_REQUEST, str(error), not_steerable(error))
    if isinstance(error, InputTooLarge):
        return RpcError(INVALID_PARAMS, str(error), too_large(error))
    if isinstance(error, REFUSED):
        return RpcError(INVALID_REQUEST, str(error))
    if isinstance(error, UnknownServer):
        return RpcError(INTERNAL_ERROR, str(error))
    if isinstance(error, ConfigError):
        return RpcError(INVALID_REQUEST, f"failed to load configuration: {error}")
    if isinstance(error, StoreError):
        return RpcError(INTERNAL_ERROR, str(error))
    return error


def too_large(error: InputTooLarge) -> dict[str, object]:
    """What clients are told of an input's length, beside the text."""
    return {
        "input_error_code": "input_too_large",
        "max_chars": MOST_CHARACTERS,
        "actual_chars": error.characters,
    }


def not_steerable(error: NotSteerable) -> TurnError:
    """What clients are told of a turn that takes no input, beside the text."""
    info = {"activeTurnNotSteerable": {"turnKind": error.kind}}
    return TurnError(message=str(error), codexErrorInfo=msgspec.convert(info, CodexErrorInfoObject))
