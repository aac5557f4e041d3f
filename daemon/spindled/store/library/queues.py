"""Input that waits for its turn, in the order it is to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from spindled.store.ids import new_id
from spindled.store.library.errors import LibraryError
from spindled.store.library.positions import STEP
from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Table
from spindled_protocol.types import QueuedSubmission, UserInput


class Waiting(Struct, kw_only=True):
    thread_id: str
    id: str
    position: int
    submission: QueuedSubmission


QUEUE = Table("queue", Waiting, ("thread_id", "id"), ("position",))


class Queues:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def of(self, thread_id: str) -> list[QueuedSubmission]:
        return [waiting.submission for waiting in self._waiting(thread_id)]

    def first(self, thread_id: str) -> QueuedSubmission | None:
        found = self._shelf.select(QUEUE, "WHERE thread_id = ? ORDER BY position LIMIT 1", thread_id)
        return found[0].submission if found else None

    def find(self, thread_id: str, submission_id: str) -> QueuedSubmission:
        """Raises LibraryError."""
        return self._known(thread_id, submission_id).submission

    def add(
        self, thread_id: str, inputs: list[UserInput], client_id: str, metadata: dict[str, str] | None
    ) -> QueuedSubmission:
        """At the end."""
        submission = QueuedSubmission(
            id=new_id(), input=inputs, clientUserMessageId=client_id, responsesapiClientMetadata=metadata
        )
        before = self._waiting(thread_id)
        position = (before[-1].position if before else 0) + STEP
        self._put(Waiting(thread_id=thread_id, id=submission.id, position=position, submission=submission))
        return submission

    def update(self, thread_id: str, submission_id: str, **changes: Any) -> QueuedSubmission:
        """Raises LibraryError."""
        waiting = self._known(thread_id, submission_id)
        waiting.submission = replace(waiting.submission, **changes)
        self._put(waiting)
        return waiting.submission

    def remove(self, thread_id: str, submission_id: str) -> bool:
        """False if it is not there."""
        if self._shelf.find(QUEUE, thread_id, submission_id) is None:
            return False
        self._shelf.change(QUEUE.drop(thread_id, submission_id))
        return True

    def reorder(self, thread_id: str, submission_ids: Sequence[str]) -> None:
        """Raises LibraryError unless these are all there are."""
        waiting = {each.id: each for each in self._waiting(thread_id)}
        if sorted(submission_ids) != sorted(waiting):
            raise LibraryError("queue reorder must include every queued submission exactly once")
        for number, submission_id in enumerate(submission_ids, start=1):
            waiting[submission_id].position = number * STEP
        self._put(*waiting.values())

    def _put(self, *rows: Waiting) -> None:
        self._shelf.change(*[QUEUE.put(row) for row in rows])

    def _waiting(self, thread_id: str) -> list[Waiting]:
        return self._shelf.select(QUEUE, "WHERE thread_id = ? ORDER BY position", thread_id)

    def _known(self, thread_id: str, submission_id: str) -> Waiting:
        found = self._shelf.find(QUEUE, thread_id, submission_id)
        if found is None:
            raise LibraryError(f"queued submission not found: {submission_id}")
        return found
