"""What clients pin to a thread: anything with a type and a key, such as a pull request."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from spindled.store.ids import new_id
from spindled.store.library.errors import LibraryError
from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Table
from spindled_protocol.types import ThreadAttachment, ThreadAttachmentOwner

NAME_BYTES = 256
PAYLOAD_BYTES = 65_536


class Pinned(Struct, kw_only=True):
    thread_id: str
    type: str
    key: str
    id: str
    created_at: int
    payload: Any

    def to_wire(self) -> ThreadAttachment:
        return ThreadAttachment(
            id=self.id, attachmentType=self.type, identityKey=self.key, payload=self.payload, createdAt=self.created_at
        )


PINS = Table("attachments", Pinned, ("thread_id", "type", "key"), ("id",))


class Attachments:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def of(self, thread_id: str) -> list[Pinned]:
        """In the order they were added."""
        return self._shelf.select(PINS, "WHERE thread_id = ? ORDER BY id", thread_id)

    def find(self, thread_id: str, kind: str, key: str) -> Pinned | None:
        return self._shelf.find(PINS, thread_id, kind, key)

    def add(self, thread_id: str, kind: str, key: str, payload: Any, now: int) -> Pinned:
        """One that is not there yet."""
        pinned = Pinned(thread_id=thread_id, type=kind, key=key, id=new_id(), created_at=now, payload=payload)
        self._shelf.change(PINS.put(pinned))
        return pinned

    def remove(self, pinned: Pinned) -> None:
        self._shelf.change(PINS.drop(pinned.thread_id, pinned.type, pinned.key))

    def owners(self, kind: str, key: str, archived: bool | None, after: str, limit: int) -> list[ThreadAttachmentOwner]:
        """The threads that have it, by id, from the one after `after` on. `archived`: only such, or only others."""
        found = self._shelf.ask(
            "SELECT threads.id, threads.archived FROM attachments JOIN threads ON threads.id = attachments.thread_id"
            " WHERE attachments.type = ? AND attachments.key = ? AND threads.id > ?"
            " AND (? IS NULL OR threads.archived = ?) ORDER BY threads.id LIMIT ?",
            *(kind, key, after, archived, archived, limit),
        )
        return [ThreadAttachmentOwner(threadId=thread_id, archived=bool(archived)) for thread_id, archived in found]


def check(kind: str, key: str, payload: Any = None) -> None:
    """Raises LibraryError for what nothing can be attached under."""
    for what, text in (("attachmentType", kind), ("identityKey", key)):
        if not text:
            raise LibraryError(f"{what} must not be empty")
        if len(text.encode()) > NAME_BYTES:
            raise LibraryError(f"{what} must not exceed {NAME_BYTES} bytes")
    if len(msgspec.json.encode(payload)) > PAYLOAD_BYTES:
        raise LibraryError(f"attachment payload must not exceed {PAYLOAD_BYTES} bytes")
