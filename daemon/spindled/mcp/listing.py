"""What a server offers: its tools, read page by page. Data from outside: what does not fit is left out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from spindled.mcp.connection import Connection
    from spindled.mcp.session import Session

log = logging.getLogger(__name__)

Json = dict[str, Any]
MOST_PAGES = 100


class Listing(Struct, frozen=True, kw_only=True):
    """`tools` as the server described them, by name. `meta`: that of the list itself."""

    info: Json | None = None
    capabilities: Json | None = None
    instructions: str = ""
    tools: dict[str, Json] = {}
    meta: Json | None = None


async def listing(session: Session) -> Listing:
    """Raises ServerError, ServerGone."""
    tools: dict[str, Json] = {}
    meta: Json | None = None
    if "tools" in session.capabilities:
        pages = await all_pages(session, "tools/list")
        meta = next((page["_meta"] for page in pages if isinstance(page.get("_meta"), dict)), None)
        for tool in entries(pages, "tools", "name"):
            tools.setdefault(tool["name"], described(tool))
    return Listing(
        info=session.info, capabilities=session.capabilities, instructions=session.instructions, tools=tools, meta=meta
    )


async def all_pages(session: Session | Connection, method: str) -> list[Json]:
    """Every page of a list; a server that goes on for ever is not followed for ever."""
    pages: list[Json] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await session.request(method, {} if cursor is None else {"cursor": cursor})
        pages.append(page)
        following = page.get("nextCursor")
        if not isinstance(following, str) or not following or following == cursor:
            return pages
        cursor = following
    log.warning("%s: more than %d pages; the rest is left out", method, MOST_PAGES)
    return pages


def entries(pages: list[Json], key: str, *needed: str) -> list[Json]:
    """The objects under `key` that have these texts."""
    found = [each for page in pages if isinstance(page.get(key), list) for each in page[key]]
    return [
        each for each in found if isinstance(each, dict) and all(isinstance(each.get(name), str) for name in needed)
    ]


def described(tool: Json) -> Json:
    """A tool whose schema and annotations are objects."""
    schema, annotations = tool.get("inputSchema"), tool.get("annotations")
    kept = {key: value for key, value in tool.items() if key != "annotations" or isinstance(annotations, dict)}
    return {**kept, "inputSchema": schema if isinstance(schema, dict) else {"type": "object", "properties": {}}}


async def all_resources(connection: Connection, method: str, key: str, address: str) -> list[Json]:
    """Every resource, or template, of a server; none of one that has no resources. Raises McpError."""
    await connection.ready()
    if "resources" not in (connection.listing.capabilities or {}):
        return []
    return entries(await all_pages(connection, method), key, address, "name")
