"""What the store raises. The texts are the wire's own: clients match on them."""

from __future__ import annotations

from pathlib import Path


class StoreError(Exception):
    """A file could not be written or read: `path`, and the operating system's `cause` if there is one."""

    def __init__(self, path: Path, cause: OSError | str) -> None:
        reason = cause if isinstance(cause, str) else cause.strerror or str(cause)
        super().__init__(reason if isinstance(cause, str) else f"cannot write {path}: {reason}")
        self.path = path
        self.cause = cause


class ActiveWriter(StoreError):
    """Another process, or another handle of this one, appends to this thread."""

    def __init__(self, path: Path, thread_id: str) -> None:
        super().__init__(path, f"thread {thread_id} already has an active writer")


class ThreadLookupError(LookupError):
    """A thread that the store does not have, or not in the place asked for."""

    text = "no rollout found for thread id {}"

    def __init__(self, thread_id: str) -> None:
        super().__init__(self.text.format(thread_id))
        self.thread_id = thread_id


class RolloutNotFound(ThreadLookupError):
    pass


class ArchivedRolloutNotFound(ThreadLookupError):
    text = "no archived rollout found for thread id {}"


class ThreadArchived(ThreadLookupError):
    text = "session {0} is archived. Run `codex unarchive {0}` to unarchive it first."


class RolloutPathError(LookupError):
    """A file that a client named is not the one of a thread."""


class TurnNotFound(LookupError):
    def __init__(self, turn_id: str) -> None:
        super().__init__(f"turn not found: {turn_id}")
        self.turn_id = turn_id


DAMAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What decoding a row may raise: it is passed over then. (msgspec's errors are ValueErrors.)"""
