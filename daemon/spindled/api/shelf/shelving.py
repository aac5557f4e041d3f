"""Where threads stand in the user's library, shown with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.store.library.sections import PINNED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spindled.store.library.library import Library
    from spindled_protocol.types import Thread


def shelve(library: Library, threads: Sequence[Thread]) -> None:
    """Set the section and the project of each."""
    ids = [thread.id for thread in threads]
    members, projects = library.sections.memberships(ids), library.projects.of_all(ids)
    sections = {section.id: section for section in library.sections.all()} if members else {PINNED.id: PINNED}
    for thread in threads:
        thread.projectId = projects.get(thread.id)
        if member := members.get(thread.id):
            thread.section, thread.sectionEnteredAt = sections.get(member.section_id), member.entered_at


def shelved(library: Library, thread: Thread) -> Thread:
    """The thread with its section and project."""
    shelve(library, [thread])
    return thread
