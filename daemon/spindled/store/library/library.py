"""All of the library: one log, one shelf, a class for each kind of thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spindled.store.index.database import Database
from spindled.store.library import attachments, goals, projects, queues, read_states, sections, shelf
from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Table

TABLES: tuple[Table[Any], ...] = (
    sections.SECTIONS,
    sections.MEMBERS,
    projects.PROJECTS,
    projects.REQUESTS,
    projects.BELONGINGS,
    attachments.PINS,
    read_states.READINGS,
    queues.QUEUE,
    goals.GOALS,
)
SCHEMA = shelf.SCHEMA + "".join(table.schema for table in TABLES)


class Library:
    def __init__(self, home: Path, database: Database) -> None:
        self._shelf = Shelf(home, database, TABLES)
        self.catch_up = self._shelf.catch_up
        self.sections = sections.Sections(self._shelf)
        self.projects = projects.Projects(self._shelf)
        self.attachments = attachments.Attachments(self._shelf)
        self.read_states = read_states.ReadStates(self._shelf)
        self.queues = queues.Queues(self._shelf)
        self.goals = goals.Goals(self._shelf)

    def forget(self, thread_id: str) -> None:
        """Everything about a thread that is deleted."""
        submissions = [queues.QUEUE.drop(thread_id, each.id) for each in self.queues.of(thread_id)]
        pins = [attachments.PINS.drop(thread_id, each.type, each.key) for each in self.attachments.of(thread_id)]
        single: dict[Table[Any], object] = {
            sections.MEMBERS: self.sections.membership(thread_id),
            projects.BELONGINGS: self.projects.of(thread_id),
            read_states.READINGS: self.read_states.of(thread_id),
            goals.GOALS: self.goals.of(thread_id),
        }
        known = [table.drop(thread_id) for table, row in single.items() if row is not None]
        self._shelf.change(*submissions, *pins, *known)
