"""Sections that users sort threads into, and the order of the threads in them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from spindled.store.ids import new_id
from spindled.store.library.errors import LibraryError
from spindled.store.library.positions import STEP, place
from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Change, Table
from spindled_protocol.types import ThreadSection, ThreadSectionAppearance

APPEARANCE_BYTES = 64


class Membership(Struct, kw_only=True):
    """A thread in a section."""

    thread_id: str
    section_id: str
    position: int
    entered_at: int
    """Unix seconds."""


SECTIONS = Table("sections", ThreadSection, ("id",))
MEMBERS = Table("section_threads", Membership, ("thread_id",), ("section_id", "position"))

PINNED = ThreadSection(id="01984de2-8f74-7c91-a3b2-5c5e937cf318", name="Pinned")
"""Clients know this id: it is always there, and first."""


class Sections:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def all(self) -> list[ThreadSection]:
        return [PINNED, *self._shelf.select(SECTIONS, "ORDER BY id")]

    def find(self, section_id: str) -> ThreadSection | None:
        return PINNED if section_id == PINNED.id else self._shelf.find(SECTIONS, section_id)

    def create(self, name: str, look: ThreadSectionAppearance | None) -> ThreadSection:
        """Raises LibraryError."""
        section = ThreadSection(id=new_id(), name=_name(name), appearance=_checked(look))
        self._shelf.change(SECTIONS.put(section))
        return section

    def update(
        self, section_id: str, name: str, look: ThreadSectionAppearance | None, *, relook: bool
    ) -> ThreadSection:
        """`relook`: whether the appearance is to change, too. Raises LibraryError."""
        section = self._known(section_id)
        name = _name(name)
        if section is PINNED:
            raise LibraryError("the built-in pinned section cannot be renamed")
        section.name = name
        if relook:
            section.appearance = _checked(look)
        self._shelf.change(SECTIONS.put(section))
        return section

    def delete(self, section_id: str) -> None:
        """Its threads are in no section then. Raises LibraryError."""
        if self._known(section_id) is PINNED:
            raise LibraryError("the built-in pinned section cannot be deleted")
        members = [MEMBERS.drop(member.thread_id) for member in self.members(section_id)]
        self._shelf.change(*members, SECTIONS.drop(section_id))

    def members(self, section_id: str) -> list[Membership]:
        """In their order."""
        return self._shelf.select(MEMBERS, "WHERE section_id = ? ORDER BY position", section_id)

    def membership(self, thread_id: str) -> Membership | None:
        return self._shelf.find(MEMBERS, thread_id)

    def memberships(self, thread_ids: Sequence[str]) -> dict[str, Membership]:
        """Of those of these threads that are in a section."""
        return {member.thread_id: member for member in self._shelf.among(MEMBERS, "thread_id", thread_ids)}

    def move(self, thread_id: str, section_id: str | None, before: str | None, now: int) -> None:
        """To the end of a section, or before another thread there, or out of its section. Raises LibraryError."""
        if section_id is None:
            if before is not None:
                raise LibraryError("beforeThreadId requires a non-null sectionId")
            self._shelf.change(MEMBERS.drop(thread_id))
            return
        if before == thread_id:
            raise LibraryError(f"thread {thread_id} cannot be moved before itself")
        if self.find(section_id) is None:
            raise LibraryError(f"section {section_id} does not exist")
        self._shelf.change(*self._placed(thread_id, section_id, before, now))

    def _placed(self, thread_id: str, section_id: str, before: str | None, now: int) -> list[Change]:
        known = self.membership(thread_id)
        entered = known.entered_at if known is not None and known.section_id == section_id else now
        new = Membership(thread_id=thread_id, section_id=section_id, position=0, entered_at=entered)
        others = [member for member in self.members(section_id) if member.thread_id != thread_id]
        index = next((i for i, member in enumerate(others) if member.thread_id == before), None)
        if before is not None and index is None:
            raise LibraryError(f"before thread {before} is not in section {section_id}")
        position = place([member.position for member in others], index)
        if position is not None:
            new.position = position
            return [MEMBERS.put(new)]
        others.insert(index or 0, new)
        for number, member in enumerate(others, start=1):
            member.position = number * STEP
        return [MEMBERS.put(member) for member in others]

    def _known(self, section_id: str) -> ThreadSection:
        section = self.find(section_id)
        if section is None:
            raise LibraryError(f"thread section not found: {section_id}")
        return section


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise LibraryError("section name must not be empty")
    return name


def _checked(look: ThreadSectionAppearance | None) -> ThreadSectionAppearance | None:
    for what, text in (("icon", look.icon), ("color", look.color)) if look else ():
        if text and len(text.encode()) > APPEARANCE_BYTES:
            raise LibraryError(f"section appearance {what} must not exceed {APPEARANCE_BYTES} bytes")
    return look
