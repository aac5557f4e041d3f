"""thread/list as SQL: filters, order and keyset cursors.

A cursor is `<timestamp>|<thread id>` (after that thread) or a bare timestamp (from that time on, for turning round):
the place in the order, not a row number, so threads that come or go between two pages shift nothing. Within a section
the place is a number instead of a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType

from spindled.store.index.summary import Summary
from spindled.store.rollout.rollout import timestamp

if TYPE_CHECKING:
    from spindled_protocol.types import ThreadListParams

INTERACTIVE = ("cli", "vscode", "custom")
_ORDER = {"created_at": "created_ms", "updated_at": "updated_ms", "recency_at": "updated_ms"}
MAX_PAGE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SUB_AGENTS = ("subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther")


# What SQLite takes in one statement; more is refused here, as its error would look like a file that cannot be used.
_MOST_PATTERN_BYTES = 50_000
_MOST_ARGUMENTS = 30_000


class ListQuery(Struct, kw_only=True):
    """What of thread/list the index answers; None or empty: no filter."""

    cursor: str | None = None
    limit: int | None = None
    sort_key: str = "created_at"
    descending: bool = True
    archived: bool = False
    search: str | None = None
    cwds: list[str] | None = None
    model_providers: list[str] | None = None
    source_kinds: list[str] | None = None
    parent_id: str | None = None
    ancestor_id: str | None = None
    attached_to: str | None = None
    with_attached: bool = False
    """Attached threads are listed with the others."""
    excluded_ids: list[str] | None = None
    section_id: str | UnsetType | None = UNSET
    """None: in no section."""
    project_id: str | UnsetType | None = UNSET
    """None: in no project."""

    @classmethod
    def from_params(cls, params: ThreadListParams) -> ListQuery:
        cwds = params.cwd or None
        by_position = params.sortKey == "section_position"
        return cls(
            cursor=None if params.cursor is UNSET else params.cursor,
            limit=None if params.limit is UNSET else params.limit,
            sort_key=params.sortKey or "created_at",
            descending=params.sortDirection == "desc" if by_position else params.sortDirection != "asc",
            archived=bool(params.archived),
            search=params.searchTerm or None,
            cwds=[cwds] if isinstance(cwds, str) else cwds,
            model_providers=params.modelProviders or None,
            source_kinds=list(params.sourceKinds) if params.sourceKinds else None,
            parent_id=params.parentThreadId or None,
            ancestor_id=params.ancestorThreadId or None,
            attached_to=params.attachedToThreadId or None,
            with_attached=bool(params.includeAttachedThreads),
            excluded_ids=params.excludedThreadIds or None,
            section_id=params.sectionId,
            project_id=params.projectId,
        )

    @property
    def by_position(self) -> bool:
        return self.sort_key == "section_position"


class Page(NamedTuple):
    threads: list[Summary]
    next_cursor: str | None
    backwards_cursor: str | None
    """For the opposite direction; the first thread of this page comes first again."""


class Found(NamedTuple):
    """A page of threads, each with words of it that were looked for."""

    threads: list[tuple[Summary, str]]
    next_cursor: str | None
    backwards_cursor: str | None


def page_size(query: ListQuery) -> int:
    return min(max(25 if query.limit is None else query.limit, 1), MAX_PAGE)


def select(query: ListQuery, columns: str) -> tuple[str, list[Any]]:
    """The statement and its arguments; one row more than the page, to know whether there is a next one. ValueError."""
    where = _Where()
    # What nothing was said in is listed only where somebody has put it.
    where.add("archived = ?" if query.archived else "archived = ? AND preview <> ''", query.archived)
    where.among("source_kind", _kinds(query.source_kinds))
    where.among("cwd", query.cwds)
    where.among("model_provider", query.model_providers)
    if query.search:
        pattern = f"%{_escaped(query.search)}%"
        if len(pattern.encode()) > _MOST_PATTERN_BYTES:
            raise ValueError("searchTerm is too long")
        where.add("(preview LIKE ? ESCAPE '\\' OR name LIKE ? ESCAPE '\\')", pattern, pattern)
    if query.parent_id:
        where.add("parent_id = ?", query.parent_id)
    if query.ancestor_id:
        where.add(f"id IN ({_DESCENDANTS})", query.ancestor_id)
    if query.attached_to:
        where.add("attached_to = ?", query.attached_to)
    elif not query.with_attached:
        where.add("attached_to IS NULL")
    where.belongs("section_threads", "section_id", query.section_id)
    where.belongs("project_threads", "project_id", query.project_id)
    if query.excluded_ids:
        where.add(f"id NOT IN ({_marks(query.excluded_ids)})", *query.excluded_ids)
    key = "position" if query.by_position else _ORDER.get(query.sort_key, "updated_ms")
    if query.cursor is not None:
        value, thread_id = parse_position(query.cursor) if query.by_position else parse_cursor(query.cursor)
        sign = "<" if query.descending else ">"
        if thread_id is None:
            where.add(f"{key} {sign} ?", value)
        else:
            where.add(f"({key}, id) {sign} (?, ?)", value, thread_id)
    way = "DESC" if query.descending else "ASC"
    limit = page_size(query) + 1
    source = "threads JOIN section_threads ON thread_id = id" if query.by_position else "threads"
    text = f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {key} {way}, id {way} LIMIT {limit}"  # noqa: S608
    if len(where.arguments) > _MOST_ARGUMENTS:
        raise ValueError(f"more than {_MOST_ARGUMENTS} values to filter by")
    return text, where.arguments


def page(query: ListQuery, found: list[Summary], positions: Mapping[str, int]) -> Page:
    """`found`: what the statement of `select` gave; `positions`: of threads in the section that it sorts by."""
    size = page_size(query)
    threads = found[:size]
    if not threads:
        return Page([], None, None)
    more = len(found) > size
    turned = -1 if query.descending else 1
    if query.by_position:
        last, first = positions.get(threads[-1].id, 0), positions.get(threads[0].id, 0)
        return Page(threads, f"{last}|{threads[-1].id}" if more else None, str(first + turned))
    key = _ORDER.get(query.sort_key, "updated_ms")
    last, first = getattr(threads[-1], key), getattr(threads[0], key)
    return Page(threads, f"{timestamp(last)}|{threads[-1].id}" if more else None, timestamp(first + turned))


def parse_position(cursor: str) -> tuple[int, str | None]:
    """A place in a section and thread id. Raises ValueError."""
    number, _, thread_id = cursor.partition("|")
    try:
        return int(number), thread_id or None
    except ValueError:
        raise ValueError(f"invalid cursor: {cursor}") from None


def parse_cursor(cursor: str) -> tuple[int, str | None]:
    """Unix milliseconds and thread id. Raises ValueError."""
    time_text, _, thread_id = cursor.partition("|")
    try:
        if not time_text.endswith("Z"):
            raise ValueError
        moment = datetime.fromisoformat(time_text)
    except ValueError:
        raise ValueError(f"invalid cursor: {cursor}") from None
    return (moment - _EPOCH) // timedelta(milliseconds=1), thread_id or None


_DESCENDANTS = (
    "WITH RECURSIVE tree(id) AS (SELECT id FROM threads WHERE parent_id = ?"
    " UNION SELECT threads.id FROM threads JOIN tree ON threads.parent_id = tree.id) SELECT id FROM tree"
)


class _Where:
    def __init__(self) -> None:
        self._terms: list[str] = []
        self.arguments: list[Any] = []

    def add(self, term: str, *arguments: Any) -> None:
        self._terms.append(term)
        self.arguments += arguments

    def among(self, column: str, values: list[str] | None) -> None:
        if values:
            self.add(f"{column} IN ({_marks(values)})", *values)

    def belongs(self, table: str, column: str, value: str | UnsetType | None) -> None:
        """Only threads with this value in a table of threads; None: only those that are not in it."""
        if value is None:
            self.add(f"id NOT IN (SELECT thread_id FROM {table})")  # noqa: S608
        elif value is not UNSET:
            self.add(f"id IN (SELECT thread_id FROM {table} WHERE {column} = ?)", value)  # noqa: S608

    def __str__(self) -> str:
        return " AND ".join(self._terms)


def _kinds(asked: list[str] | None) -> list[str]:
    if not asked:
        return list(INTERACTIVE)
    return [kind for one in asked for kind in (_SUB_AGENTS if one == "subAgent" else (one,))]


def _marks(values: list[str]) -> str:
    return ", ".join("?" * len(values))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
