"""deprecationNotice: the protocol's word on a history that is asked for in one answer, not in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled_protocol.types import DeprecationNoticeNotification

if TYPE_CHECKING:
    from spindled.api.session import Session

EXCLUDE = "use `excludeTurns: true`"
OMIT = "leave out `includeTurns`"


def discourage(session: Session, instead: str) -> None:
    """To be called before the answer that has the turns of a paginated thread. They are all in it nevertheless."""
    summary = (
        f"A whole history in one answer is deprecated for paginated threads; {instead}, then page with "
        "`thread/turns/list` and `thread/items/list`."
    )
    session.connection.notify("deprecationNotice", DeprecationNoticeNotification(summary=summary))
