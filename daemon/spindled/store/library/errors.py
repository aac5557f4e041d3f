"""What the library refuses. The texts are the wire's own."""

from __future__ import annotations


class LibraryError(ValueError):
    """A request that does not fit what there is; the text is for the client."""
